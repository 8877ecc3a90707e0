import type { LogOptions } from './container-engine.ts';
import type { ApiContainerDetails } from './docker-api.ts';
import { type DockerConnection, segment } from './docker-connection.ts';
import { connectionError } from './docker-errors.ts';
import { demultiplexer, drain, type OnChunk } from './docker-streams.ts';

/** Streams a container's log. Resolves at its end, or when the signal aborts. */
export async function streamLogs(
  connection: DockerConnection,
  id: string,
  options: LogOptions,
  onChunk: OnChunk,
  signal?: AbortSignal,
): Promise<void> {
  const what = `read the log of container ${id}`;
  const path = `/containers/${segment(id)}`;
  // The two kinds of stream look the same from outside: only the container's own setting tells them apart.
  const { Config } = await connection.object<ApiContainerDetails>({
    what,
    method: 'GET',
    path: `${path}/json`,
    signal,
  });
  const query = {
    stdout: 1,
    stderr: 1,
    follow: options.follow ? 1 : 0,
    timestamps: options.timestamps ? 1 : 0,
    tail: options.tail ?? 'all',
    ...(options.since === undefined ? {} : { since: (options.since / 1000).toFixed(3) }),
  };
  const answer = await connection.stream({ what, method: 'GET', path: `${path}/logs`, query, signal });
  try {
    await drain(answer, Config.Tty ? (chunk) => onChunk('stdout', chunk) : demultiplexer(onChunk), signal);
  } catch (error) {
    throw connectionError(error, what, signal);
  }
}
