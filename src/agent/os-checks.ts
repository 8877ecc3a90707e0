import { request } from 'node:http';
import { join } from 'node:path';
import type { OwnCheckName } from '../config/berth/own-checks.ts';
import type { Clock } from '../core/clock.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { writeDurably } from '../engine/durable-file.ts';
import { plainContainer } from '../engine/plain-container.ts';
import type { ImageSource } from '../services/executor.ts';
import { label } from '../services/names.ts';
import { type ServiceStatus, settledStates } from '../services/status.ts';
import type { HealthCheck } from '../update/health-gate.ts';
import { toolsImage } from './container-sessions.ts';
import type { HostStatus } from './model.ts';
import { provideImage } from './provide-image.ts';

export interface OsCheckDependencies {
  readonly instance: string;
  readonly status: () => Promise<HostStatus>;
  /** True until the config of this boot was brought about. */
  readonly isChanging: () => boolean;
  readonly systemEngine: ContainerEngine;
  readonly images: ImageSource;
  /** The API's socket. */
  readonly socket: string;
  readonly stateDirectory: string;
  /** False when the state partition could not be read: /var is memory. */
  readonly keepsState: boolean;
  /** Of the image's build: milliseconds since the epoch. */
  readonly builtMs: number;
  readonly clock: Clock;
}

type Finding = Awaited<ReturnType<HealthCheck['look']>>;

const well = (detail: string): Finding => ({ holds: true, detail });
const ill = (detail: string): Finding => ({ holds: false, detail });

/** A check that is not declared. */
export type OwnCheck = HealthCheck & { readonly name: OwnCheckName };

/** What a release must show on this host before it is blessed. */
export function osChecks(deps: OsCheckDependencies): readonly OwnCheck[] {
  const { status, isChanging, keepsState, builtMs, clock } = deps;
  return [
    {
      name: 'config',
      level: 'required',
      look: async () => Promise.resolve(isChanging() ? ill('is being brought about') : well('is brought about')),
    },
    { name: 'critical-services', level: 'required', look: async () => critical((await status()).services) },
    { name: 'services', level: 'wanted', look: async () => all((await status()).services) },
    { name: 'engine', level: 'required', look: engineCheck(deps) },
    { name: 'api', level: 'required', look: async (signal) => answers(deps.socket, signal) },
    {
      name: 'disk',
      level: 'required',
      look: async () => (keepsState ? writes(deps.stateDirectory) : ill('the state partition cannot be read')),
    },
    {
      name: 'clock',
      level: 'required',
      look: async () =>
        Promise.resolve(clock.now() < builtMs ? ill('is before the time of the image') : well('is after the image')),
    },
    {
      name: 'network',
      level: 'baseline',
      look: async () => {
        const network = (await status()).machine?.network ?? null;
        return network?.ready === true ? well('is ready') : ill(network?.detail ?? 'is not there yet');
      },
    },
  ];
}

/** Only of those that are to run: what an operator stopped stays stopped under the new release, too. */
function critical(services: readonly ServiceStatus[]): Finding {
  return standing(services.filter((service) => service.critical));
}

function all(services: readonly ServiceStatus[]): Finding {
  return standing(services);
}

function standing(services: readonly ServiceStatus[]): Finding {
  const open = services.filter(({ state }) => !settledStates.has(state));
  if (open.length > 0) return ill(open.map(({ name, state }) => `${name} is ${state}`).join(', '));
  return well(services.length === 0 ? 'none is declared' : services.map(({ name }) => name).join(', '));
}

/** Asked once the boot's own containers are started, and until it was seen to work: each time costs the engine a container. */
function engineCheck(deps: OsCheckDependencies): HealthCheck['look'] {
  let seen: Finding | undefined;
  return async (signal) => {
    if (seen?.holds === true) return seen;
    if (deps.isChanging()) return ill('was not tried yet');
    seen = await runsContainer(deps, signal);
    return seen;
  };
}

/** An engine may answer and start nothing. */
async function runsContainer(
  { instance, systemEngine: engine, images }: OsCheckDependencies,
  signal: AbortSignal,
): Promise<Finding> {
  await provideImage(toolsImage, engine, images);
  const name = `${instance}-health-check`;
  await engine.removeContainer(name, signal);
  const config = plainContainer(toolsImage, {
    entrypoint: ['true'],
    command: [],
    labels: { [label.instance]: instance },
  });
  const id = await engine.createContainer(name, config, signal);
  try {
    await engine.startContainer(id, signal);
    for (;;) {
      const container = await engine.inspectContainer(id, signal);
      if (container?.state === 'exited')
        return container.exitCode === 0
          ? well('runs a container')
          : ill(`a container ended with ${container.exitCode}`);
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await engine.removeContainer(id);
  }
}

function answers(socketPath: string, signal: AbortSignal): Promise<Finding> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/healthz', signal }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200 ? well('answers') : ill(`${response.statusCode}`)));
    });
    asking.on('error', reject);
    asking.end();
  });
}

async function writes(directory: string): Promise<Finding> {
  await writeDurably(join(directory, 'health-check'), '');
  return well('takes what is written');
}
