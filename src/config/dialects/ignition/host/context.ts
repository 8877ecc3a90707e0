import { formatPath } from '../../../../core/diagnostic.ts';
import type { HostDraft } from '../../../host-draft.ts';
import type { Place } from '../../../place.ts';
import { leaveForLater, passOverOthers, type Refuse } from '../contents.ts';
import type { Resource } from '../model.ts';
import type { Origins } from '../origins.ts';

export interface HostOptions {
  /** Where the parts of the config stand. */
  readonly origins: Origins;
  /** True: what it refers to on servers is taken in before it is applied. */
  readonly isCompletedLater: boolean;
}

/** What the parts of a config are turned into a host config with. */
export class HostContext {
  readonly host: HostDraft;
  readonly #origins: Origins;
  readonly #isCompletedLater: boolean;

  constructor(host: HostDraft, { origins, isCompletedLater }: HostOptions) {
    this.host = host;
    this.#origins = origins;
    this.#isCompletedLater = isCompletedLater;
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

  /** Everything below a value that is not looked at, leaf by leaf, so that none of it is dropped in silence. */
  passOver(value: unknown, place: Place, why: string): void {
    if (value === undefined) return;
    if (typeof value !== 'object' || value === null) {
      // A text may be a secret, or long.
      const what = typeof value === 'string' ? `the text of ${value.length} characters` : JSON.stringify(value);
      place.inform('no-effect', `${what} has no effect, because ${why}`, undefined, 'key');
      return;
    }
    const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [part, child] of entries) this.passOver(child, place.child(part), why);
  }

  /** A document on a server that the config is not complete without. */
  readonly leaveToServer = (resource: Resource, place: Place): void => {
    if (this.#isCompletedLater) {
      leaveForLater(resource, place);
      return;
    }
    passOverOthers(resource, place);
    this.refuse(place.child('source'), 'it is on a server, and was not fetched', 'put it into a data: URL');
  };

  /** Of no effect, and the rest of the config makes sense without it. */
  readonly leave: Refuse = (place, why, hint) => {
    place.warn('unsupported', `has no effect: ${why}`, hint);
  };
}
