import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** There from the start of a host on, and in its containers that may ask its agent. */
const hostRunDirectory = '/run/berth';
/** Where a host's own agent serves its API. */
export const hostSocket = `${hostRunDirectory}/api/berth.sock`;

/** Where `berth up --local` keeps an instance when nothing else is said. */
export const localDirectories = { state: '/var/lib/berth-local', run: '/run/berth-local' } as const;

/** Where sockets of an instance go: beside the default state, else inside the state directory. */
export function runDirectoryOf(stateDirectory: string): string {
  return stateDirectory === localDirectories.state ? localDirectories.run : join(stateDirectory, 'run');
}

/** The API's socket in a run directory: in a directory of its own, which containers may mount without seeing its neighbours. */
export function socketIn(runDirectory: string): string {
  return join(runDirectory, 'api', 'berth.sock');
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The socket a person named: `--socket`, else BERTH_SOCKET; with or without `unix://`. */
export function namedSocket(flag: string | undefined, env: Environment): string | undefined {
  const named = flag ?? env['BERTH_SOCKET'];
  return named === undefined || named === '' ? undefined : named.replace(/^unix:\/\//, '');
}

/** The agent to talk to: the named one, the host's own (though it may not answer yet), else the local instance's. */
export function findSocket(flag: string | undefined, env: Environment, hostRun = hostRunDirectory): string {
  return namedSocket(flag, env) ?? (existsSync(hostRun) ? hostSocket : socketIn(localDirectories.run));
}
