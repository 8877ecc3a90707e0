import { setTimeout as sleep } from 'node:timers/promises';
import { type IdleHost, lookAtIdleHost } from '../../test/vm/support/idle-host.ts';
import type { SerialShell } from '../../test/vm/support/serial-shell.ts';
import type { MeasuredHost } from './hosts.ts';
import { type BootTimes, MeasuredMachine } from './machine.ts';
import { serviceNames } from './services.ts';

/** How long after the last service was healthy a host counts as idle. */
const idleMs = 60_000;

/** One run of a host: two boots of a new disk. */
export interface HostRun {
  readonly first: BootTimes;
  readonly second: BootTimes;
  readonly idle: IdleHost;
  /** Seconds from the power button until the machine was off, after each boot. */
  readonly shutdowns: readonly number[];
}

/** Boots a new host twice. Rejects when the engine says something else than the console. */
export async function runHost(host: MeasuredHost, signal: AbortSignal): Promise<HostRun> {
  const { engineSocket } = host;
  return MeasuredMachine.use(host, signal, async (machine) => {
    const first = await machine.boot();
    await machine.ask((shell) => checkServices(shell, engineSocket));
    const shutdowns = [await machine.shutDown()];
    const second = await machine.boot();
    await sleep(idleMs, undefined, { signal });
    const idle = await machine.ask(async (shell) => {
      await checkServices(shell, engineSocket);
      return lookAtIdleHost(shell);
    });
    return { first, second, idle, shutdowns: [...shutdowns, await machine.shutDown()] };
  });
}

/** The two boots of a host that has no shell to ask. */
export async function runPlainHost(
  host: Pick<MeasuredHost, 'spec' | 'readMarks'>,
  signal: AbortSignal,
): Promise<Pick<HostRun, 'first' | 'second'>> {
  return MeasuredMachine.use(host, signal, async (machine) => {
    const first = await machine.boot();
    await machine.shutDown();
    return { first, second: await machine.boot() };
  });
}

const filters = encodeURIComponent(JSON.stringify({ health: ['healthy'] })).replaceAll('%', '%%');

/** Asks the engine itself which services are healthy. */
async function checkServices(shell: SerialShell, socket: string): Promise<void> {
  const request = `GET /containers/json?filters=${filters} HTTP/1.0\\r\\n\\r\\n`;
  const answer = await shell.output(`printf '${request}' | nc.openbsd -U ${socket}`);
  const healthy = JSON.parse(answer.slice(answer.indexOf('\n\n'))) as readonly { readonly Names: readonly string[] }[];
  const names = healthy.flatMap(({ Names }) => Names);
  const missing = serviceNames.filter((name) => !names.some((one) => one.endsWith(name)));
  if (missing.length > 0) throw new Error(`the engine does not call these healthy: ${missing.join(', ')}`);
}
