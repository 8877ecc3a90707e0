import { type DocumentPath, formatPath } from '../core/diagnostic.ts';
import { emptyHostConfig, type HostConfig } from './host-config.ts';
import type { Place } from './place.ts';

type Draft<T> = unknown extends T
  ? T
  : T extends readonly (infer E)[]
    ? Draft<E>[]
    : T extends string | number | boolean
      ? T
      : { -readonly [K in keyof T]: Draft<T[K]> };

/** A host config while a dialect fills it. */
export class HostDraft {
  readonly config: Draft<HostConfig> = structuredClone(emptyHostConfig) as Draft<HostConfig>;
  readonly #named = new Map<string, Place>();

  /**
   * Remembers where something with a name of its own was declared: `users.ops` for the text's `users[0]`.
   * The names are those of `diffConfigs`.
   */
  name(path: DocumentPath, place: Place): void {
    this.#named.set(formatPath(path), place);
  }

  /** Formatted key → the place that declared it. */
  get named(): ReadonlyMap<string, Place> {
    return this.#named;
  }

  /** Adds to a list what is not in it yet; false when it was there. */
  addOnce(items: string[], item: string): boolean {
    if (items.includes(item)) return false;
    items.push(item);
    return true;
  }
}
