import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a host's own agent serves its API. */
export const hostSocket = '/run/berth/berth.sock';

/** Where `berth up` keeps an instance when nothing else is said. */
export const localDirectories = { state: '/var/lib/berth-local', run: '/run/berth-local' } as const;

/** Where sockets of an instance go: beside the default state, else inside the state directory. */
export function runDirectoryOf(stateDirectory: string): string {
  return stateDirectory === localDirectories.state ? localDirectories.run : join(stateDirectory, 'run');
}

/** The API's socket in a run directory. */
export function socketIn(runDirectory: string): string {
  return join(runDirectory, 'berth.sock');
}

/** The agent to talk to: `--socket`, BERTH_SOCKET, the host's own, else the local instance's. */
export function findSocket(flag: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const named = flag ?? env['BERTH_SOCKET'];
  if (named !== undefined && named !== '') return named.replace(/^unix:\/\//, '');
  return existsSync(hostSocket) ? hostSocket : socketIn(localDirectories.run);
}
