import { join, resolve } from 'node:path';
import type { AgentOptions } from '../../agent/agent-service.ts';
import { imageDirectories } from '../../agent/image-directories.ts';
import type { CliContext, Command, Flags } from '../context.ts';
import { hostSocket, localDirectories, namedSocket, runDirectoryOf, socketIn } from '../sockets.ts';

/** `berth agent`: the daemon in the foreground. */
export const run: Command = async (cli) => cli.context.runAgent(agentOptions(cli.flags, cli.context));

/** Where an agent of this command line keeps things. */
export function agentOptions(
  flags: Flags,
  { cwd, env, projectDirectory }: Pick<CliContext, 'cwd' | 'env' | 'projectDirectory'>,
): AgentOptions {
  const local = flags.local === true;
  const stateDirectory = resolve(cwd, flags.state ?? (local ? localDirectories.state : '/var/lib/berth'));
  const runDirectory = resolve(cwd, flags.run ?? (local ? runDirectoryOf(stateDirectory) : '/run/berth'));
  const ownSocket = local || flags.run !== undefined ? socketIn(runDirectory) : hostSocket;
  return {
    local,
    stateDirectory,
    runDirectory,
    socket: namedSocket(flags.socket, env) ?? ownSocket,
    catalogueDirectory: join(projectDirectory, 'system-containers'),
    imageIndex: local ? join(stateDirectory, 'images.json') : imageDirectories.images,
    ...(flags.config === undefined ? {} : { configFile: resolve(cwd, flags.config) }),
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
  };
}

/** Where `berth up --local` and `berth down --local` find the daemon's process id and its output. */
export function daemonFiles({ runDirectory, stateDirectory }: AgentOptions): { pid: string; log: string } {
  return { pid: join(runDirectory, 'agent.pid'), log: join(stateDirectory, 'agent.log') };
}
