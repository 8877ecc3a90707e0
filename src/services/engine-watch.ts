import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import type { EngineHandle } from './observe.ts';

const retryMs = 250;
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

/** Follows an engine's events for as long as the signal lives, through restarts of the engine. */
export async function watchEngine(
  { engine }: EngineHandle,
  listener: WatchListener,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!isAborted(signal)) {
    try {
      await engine.info(signal);
      const watching = engine.watch((event) => dispatch(event, listener), signal);
      listener.onConnection(true, '');
      await watching;
      if (isAborted(signal)) return;
      listener.onConnection(false, 'the event stream ended');
    } catch (error) {
      if (isAborted(signal)) return;
      listener.onConnection(false, messageOf(error));
    }
    await clock.sleep(retryMs, signal).catch(() => undefined);
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
