import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecIo, ExecOptions } from './container-engine.ts';
import { type DockerConnection, segment } from './docker-connection.ts';
import { connectionError } from './docker-errors.ts';
import { demultiplexer, drain } from './docker-streams.ts';

interface ApiExec {
  readonly Running: boolean;
  readonly ExitCode: number | null;
}

/** Runs a command in a running container. Aborting leaves the command running: the engine has no call to end it. */
export async function runExec(
  connection: DockerConnection,
  id: string,
  options: ExecOptions,
  io: ExecIo,
  signal?: AbortSignal,
): Promise<number> {
  const what = `run ${options.command[0] ?? 'a command'} in container ${id}`;
  const body = {
    AttachStdin: options.stdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: options.tty,
    Cmd: options.command,
    Env: options.environment,
    User: options.user,
    WorkingDir: options.workingDirectory,
  };
  const created = await connection.object<{ readonly Id: string }>({
    what,
    method: 'POST',
    path: `/containers/${segment(id)}/exec`,
    body,
    signal,
  });
  const path = `/exec/${created.Id}`;
  const socket = await connection.hijack({
    what,
    method: 'POST',
    path: `${path}/start`,
    body: { Detach: false, Tty: options.tty },
    signal,
  });
  io.onStart?.(async (columns, rows) => {
    await connection.json({
      what,
      method: 'POST',
      path: `${path}/resize`,
      query: { w: columns, h: rows },
      accept: [404, 409],
    });
  });
  if (options.stdin && io.stdin !== undefined) io.stdin.pipe(socket);
  try {
    await drain(socket, options.tty ? (chunk) => io.onOutput('stdout', chunk) : demultiplexer(io.onOutput), signal);
  } catch (error) {
    throw connectionError(error, what, signal);
  } finally {
    io.stdin?.unpipe(socket);
  }
  if (signal?.aborted === true) throw connectionError(signal.reason, what, signal);
  // The stream ends a moment before the engine has noted the exit.
  for (;;) {
    const state = await connection.object<ApiExec>({ what, method: 'GET', path: `${path}/json`, signal });
    if (!state.Running && state.ExitCode !== null) return state.ExitCode;
    await sleep(10, undefined, signal === undefined ? {} : { signal });
  }
}
