import { BerthError } from '../core/errors.ts';
import type { EngineEvent } from './container-engine.ts';
import type { ApiEvent } from './docker-api.ts';
import type { DockerConnection } from './docker-connection.ts';
import { connectionError } from './docker-errors.ts';
import { drain, jsonLines } from './docker-streams.ts';
import { engineEvent } from './docker-summaries.ts';

/**
 * What the engine shall send. Without a filter each health probe costs us three exec events: most of the CPU of an idle
 * agent with many health checks.
 */
const filters = {
  type: ['container', 'image', 'network', 'volume'],
  event: [
    ...['create', 'start', 'die', 'oom', 'destroy', 'rename', 'health_status', 'kill', 'stop', 'pause', 'unpause'],
    ...['pull', 'load', 'import', 'tag', 'untag', 'delete', 'remove'],
  ],
};

/** Follows the engine's events until the signal aborts. Throws ENGINE_UNREACHABLE when the stream ends by itself. */
export async function watchEvents(
  connection: DockerConnection,
  onEvent: (event: EngineEvent) => void,
  signal: AbortSignal,
  onListening?: () => void,
): Promise<void> {
  const what = 'watch the engine';
  if (signal.aborted) return;
  try {
    const answer = await connection.stream({ what, method: 'GET', path: '/events', query: { filters }, signal });
    onListening?.();
    const split = jsonLines((value) => {
      const event = engineEvent(value as ApiEvent);
      if (event !== undefined) onEvent(event);
    });
    await drain(answer, split, signal);
  } catch (error) {
    if (!isAborted(signal)) throw connectionError(error, what);
  }
  if (!isAborted(signal))
    throw new BerthError('ENGINE_UNREACHABLE', `${what}: the engine closed the stream`, { retryable: true });
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
