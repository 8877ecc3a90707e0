import { type DocumentPath, formatPath } from '../core/diagnostic.ts';
import { noCommands } from './commands-config.ts';
import { emptyHostConfig, type HostConfig } from './host-config.ts';
import type { Place } from './place.ts';

/** As `T`, to be filled. */
export type Draft<T> = unknown extends T
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

  /** True when something of this name was declared before. */
  isNamed(path: DocumentPath): boolean {
    return this.#named.has(formatPath(path));
  }

  /** Declares a service as wanted by name; once is enough. */
  enable(service: string, place: Place): void {
    const path = ['berth', 'enable', service];
    if (!this.isNamed(path)) this.config.enable.push(service);
    this.name(path, place);
  }

  /** What the host runs, as far as it is declared. */
  get commands(): NonNullable<Draft<HostConfig>['commands']> {
    return this.config.commands ?? (structuredClone(noCommands) as NonNullable<Draft<HostConfig>['commands']>);
  }

  /** Formatted key → the place that declared it. */
  get named(): ReadonlyMap<string, Place> {
    return this.#named;
  }
}
