import { formatPath } from '../../../../core/diagnostic.ts';
import type { HostDraft } from '../../../host-draft.ts';
import type { Place } from '../../../place.ts';
import type { Refuse } from '../contents.ts';
import type { Origins } from '../origins.ts';

/** What the parts of a config are turned into a host config with. */
export class HostContext {
  readonly host: HostDraft;
  readonly #origins: Origins;

  constructor(host: HostDraft, origins: Origins) {
    this.host = host;
    this.#origins = origins;
  }

  /** Where a structure stands. */
  at(value: unknown, fallback: Place): Place {
    return this.#origins.of(value, fallback);
  }

  /** Each entry of a list with its place. */
  each<T>(items: readonly T[] | undefined, place: Place, take: (item: T, place: Place) => void): void {
    for (const [index, item] of (items ?? []).entries()) take(item, this.at(item, place.child(index)));
  }

  /** Nothing of the config is applied because of this: Ignition is all or nothing. It is a good config all the same. */
  readonly refuse: Refuse = (place, why, hint) => {
    place.warn('refused', `${why}: on Berth, nothing of this config is applied`, hint);
    (this.host.config.refused ??= []).push({ key: formatPath(place.path), why, hint });
  };

  /** Of no effect, and the rest of the config makes sense without it. */
  readonly leave: Refuse = (place, why, hint) => {
    place.warn('unsupported', `has no effect: ${why}`, hint);
  };
}
