import type { EngineEvent } from '../engine/container-engine.ts';
import type { Observed } from './model.ts';

/** Longer than this an engine does not take to bring its list up to date. */
const patienceMs = 5000;

/**
 * Containers that have died and are still listed as running: dockerd tells of a death first, then takes down the
 * container's network and mounts, and only then changes what its list says. Without a second look, the death would be
 * seen at the next resync.
 */
export class Dying {
  readonly #diedAt = new Map<string, number>();

  /** @param now milliseconds since the epoch, by our clock: the engine's may differ. */
  note({ action, id }: EngineEvent, now: number): void {
    if (action === 'die') this.#diedAt.set(id, now);
    else if (action === 'start' || action === 'destroy') this.#diedAt.delete(id);
  }

  /** True while a look shows one of them as running. */
  isAwaited({ engines }: Observed, now: number): boolean {
    if (this.#diedAt.size === 0) return false;
    const running = new Set(
      Object.values(engines).flatMap(({ containers }) =>
        containers.flatMap(({ id, state }) => (state === 'running' ? [id] : [])),
      ),
    );
    for (const [id, diedAt] of this.#diedAt) if (!running.has(id) || now - diedAt > patienceMs) this.#diedAt.delete(id);
    return this.#diedAt.size > 0;
  }
}
