import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HealthProbe, UpdateHealth } from '../config/host-config.ts';
import { runCommand } from '../engine/run-command.ts';
import type { HealthCheck } from '../update/health-gate.ts';

type Finding = Awaited<ReturnType<HealthCheck['look']>>;

/** The checks that a config declares: `berth.update.health.checks`. */
export function userChecks(health: UpdateHealth | undefined): HealthCheck[] {
  return (health?.checks ?? []).map(({ name, level, probe }) => ({
    ...{ name, level },
    look: async (signal) => lookBy(probe, signal),
  }));
}

async function lookBy(probe: HealthProbe, signal: AbortSignal): Promise<Finding> {
  switch (probe.kind) {
    case 'http': {
      const status = await statusOf(probe.url, signal);
      return { holds: status < 400, detail: `answers with ${status}` };
    }
    case 'tcp':
      await connectTo(probe.host, probe.port, signal);
      return { holds: true, detail: 'takes connections' };
    case 'command': {
      const [command = '', ...args] = probe.command;
      await runCommand(command, args, { signal });
      return { holds: true, detail: 'ended with 0' };
    }
  }
}

function statusOf(url: string, signal: AbortSignal): Promise<number> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const asking = request(url, { signal, agent: false }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    asking.on('error', reject);
    asking.end();
  });
}

function connectTo(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
