import { messageOf } from '../core/errors.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import type { EngineHandle } from './observe.ts';

const firstRetryMs = 250;
/** An engine that nothing needs is not started: asking for it must cost next to nothing. */
const longestRetryMs = 4000;
/** Container events that may change a plan. */
const telling: ReadonlySet<string> = new Set([
  'start',
  'die',
  'oom',
  'destroy',
  'health_status',
  'stop',
  'pause',
  'unpause',
]);
/** Network and volume events but `connect`, `disconnect`, `mount`, `unmount`, which come with every start. */
const resources: ReadonlySet<string> = new Set(['create', 'destroy', 'remove', 'prune']);

export interface WatchListener {
  /** Something about a container may matter. */
  readonly onContainer: (event: EngineEvent) => void;
  /** Networks, volumes or images changed. */
  readonly onResources: (event: EngineEvent) => void;
  /** The stream is up (again): anything may have changed. Or it broke, and why. */
  readonly onConnection: (isUp: boolean, why: string) => void;
}

/**
 * Follows an engine's events for as long as the signal lives, through restarts of the engine.
 * @param pause waits so many milliseconds, or less when somebody knows better when the engine is back.
 */
export async function watchEngine(
  { engine }: EngineHandle,
  listener: WatchListener,
  pause: (ms: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let isUp: boolean | undefined;
  let retryMs = firstRetryMs;
  // Told once: an engine that stays away is no news.
  const tell = (isUpNow: boolean, why: string): void => {
    if (isUp === isUpNow) return;
    isUp = isUpNow;
    listener.onConnection(isUpNow, why);
  };
  while (!isAborted(signal)) {
    let why = 'the event stream ended';
    try {
      // From `onListening` on no event is missed: what a look sees after it, or an event tells.
      await engine.watch(
        (event) => dispatch(event, listener),
        signal,
        () => {
          retryMs = firstRetryMs;
          tell(true, '');
        },
      );
    } catch (error) {
      why = messageOf(error);
    }
    if (isAborted(signal)) return;
    tell(false, why);
    await pause(retryMs);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }
}

function dispatch(event: EngineEvent, listener: WatchListener): void {
  if (event.kind === 'container') {
    if (telling.has(event.action)) listener.onContainer(event);
  } else if (event.kind === 'image' || resources.has(event.action)) {
    listener.onResources(event);
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
