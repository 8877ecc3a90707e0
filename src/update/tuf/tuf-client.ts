import type { Key, Targets } from '@tufjs/models';
import { isBerthError } from '../../core/errors.ts';
import {
  maxDelegations,
  maxRootBytes,
  maxRootRotations,
  maxSnapshotBytes,
  maxTargetsBytes,
  maxTimestampBytes,
} from './limits.ts';
import { continueFrom } from './lineage.ts';
import type { SigningRole } from './metadata.ts';
import type { MetadataStore, StoredMetadata } from './metadata-store.ts';
import { refuse } from './refusal.ts';
import type { Source } from './source.ts';
import { isContentOf, type TrustedTarget, toTrustedTarget } from './target.ts';
import { type Chain, TrustedMetadata } from './trusted-metadata.ts';

export interface TufClientDeps {
  /** The repository's directory `metadata`. */
  readonly metadata: Source;
  /** Its directory `targets`. */
  readonly targets: Source;
  readonly store: Pick<MetadataStore, 'load' | 'save'>;
  /** `root.json` as the verified image has it, or the config: trust begins with it, or with one in the store that it leads to. */
  readonly shippedRoot: Uint8Array;
  readonly now: () => number;
  /** When this program was built: no clock is believed that says it is earlier. */
  readonly builtMs: number;
}

/** When the metadata that is trusted now will no longer be. */
export interface Expiry {
  readonly role: string;
  readonly expires: string;
}

/** Who signs for a role, and by which keys, by their ids. */
export interface RoleSigners {
  readonly role: SigningRole;
  readonly keys: Readonly<Record<string, Key>>;
}

/** The time of the last refresh is written anew when it is this much older: not at each of many polls. */
const staleAcceptedMs = 86_400_000;

/**
 * A TUF client (specification 1.0, section 5): whoever serves the repository can neither forge releases nor bring old ones
 * back, and is found out when it holds new ones back. Everything it fetches is bounded. One call at a time.
 */
export class TufClient {
  readonly #deps: TufClientDeps;
  #trusted: TrustedMetadata | undefined;
  #files = new Map<string, Uint8Array>();
  #pastRoots: readonly Uint8Array[] = [];
  #stored: StoredMetadata = { files: new Map(), pastRoots: [], acceptedMs: 0 };
  #acceptedMs = 0;

  constructor(deps: TufClientDeps) {
    this.#deps = deps;
  }

  /**
   * Brings the metadata up to date; what was accepted before something was refused is kept.
   * Throws RELEASE_REFUSED, RELEASE_UNREACHABLE.
   */
  async refresh(signal: AbortSignal): Promise<void> {
    const trusted = await this.#begin();
    this.#trusted = undefined;
    try {
      await this.#refreshRoot(trusted, signal);
      await this.#refreshTimestamp(trusted, signal);
      await this.#refreshSnapshot(trusted, signal);
      this.#forgetUnnamed(trusted);
      await this.#loadTargets(trusted, ['targets'], signal);
      this.#trusted = trusted;
    } finally {
      await this.#save();
    }
  }

  /**
   * Looks a target up, in the role `targets` and in those it delegates to, depth first (5.6.7). After {@link refresh}.
   * Undefined when no role vouches for it. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE.
   */
  async find(path: string, signal: AbortSignal): Promise<TrustedTarget | undefined> {
    const trusted = this.#trusted;
    if (trusted === undefined) throw new Error('find() before refresh()');
    const visited = new Set<string>();
    let toVisit: Chain[] = [['targets']];
    try {
      for (let chain = toVisit.pop(); chain !== undefined; chain = toVisit.pop()) {
        const role = chain.at(-1) ?? '';
        if (visited.has(role)) continue;
        if (visited.size > maxDelegations)
          throw refuse('oversized', path, `more than ${maxDelegations} roles have a say`);
        visited.add(role);
        const { targets, delegations } = await this.#loadTargets(trusted, chain, signal);
        const target = Object.hasOwn(targets, path) ? targets[path] : undefined;
        if (target !== undefined) return toTrustedTarget(target, trusted.root.consistentSnapshot);
        const next: Chain[] = [];
        for (const { role: name, terminating } of delegations?.rolesForTarget(path) ?? []) {
          next.unshift([...chain, name]);
          if (!terminating) continue;
          toVisit = [];
          break;
        }
        toVisit.push(...next);
      }
      return undefined;
    } finally {
      await this.#save();
    }
  }

  /** When what is trusted now expires: the top roles, and those that targets were found by. After {@link refresh}. */
  get expiries(): readonly Expiry[] {
    return this.#trusted?.expiries ?? [];
  }

  /** Names of the roles that `targets` delegates to: the channels. After {@link refresh}. */
  get delegated(): string[] {
    return Object.keys(this.#trusted?.targets(['targets'])?.delegations?.roles ?? {});
  }

  /** Who signs for a role that `targets` delegates to; undefined when it does not. After {@link refresh}. */
  signersOf(name: string): RoleSigners | undefined {
    const { keys = {}, roles = {} } = this.#trusted?.targets(['targets'])?.delegations ?? {};
    const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
    return role === undefined ? undefined : { role, keys };
  }

  /** Which state of the repository is trusted: it rises with each. After {@link refresh}. */
  get timestampVersion(): number {
    return this.#trusted?.timestamp?.version ?? 0;
  }

  /** Fetches a target's content whole: for small ones. Throws RELEASE_REFUSED, RELEASE_UNREACHABLE. */
  async read(target: TrustedTarget, signal: AbortSignal): Promise<Uint8Array> {
    const content = await this.#deps.targets.read(target.place, target.bytes, signal);
    if (content === undefined) throw refuse('missing', target.path, `${this.#deps.targets.location} does not have it`);
    if (!isContentOf(target, content)) throw refuse('mix-and-match', target.path, 'it is not what the metadata names');
    return content;
  }

  /** Trust from the store, when the image's root leads to it; where that is unreadable from what was before it; else the image's. */
  async #begin(): Promise<TrustedMetadata> {
    const { store, shippedRoot, now, builtMs } = this.#deps;
    for (const stored of await store.load()) {
      const known = continueFrom(stored, shippedRoot);
      if (known === undefined) continue;
      this.#stored = stored;
      this.#files = new Map(known.files);
      this.#pastRoots = known.pastRoots;
      this.#acceptedMs = known.acceptedMs;
      break;
    }
    const root = this.#files.get('root') ?? shippedRoot;
    this.#files.set('root', root);
    return new TrustedMetadata(root, Math.max(now(), builtMs, this.#acceptedMs));
  }

  /** 5.3. */
  async #refreshRoot(trusted: TrustedMetadata, signal: AbortSignal): Promise<void> {
    try {
      for (let rotation = 0; rotation < maxRootRotations; rotation += 1) {
        const name = `${trusted.root.version + 1}.root.json`;
        const content = await this.#deps.metadata.read([name], maxRootBytes, signal);
        if (content === undefined) break;
        trusted.updateRoot(content);
        const before = this.#files.get('root');
        if (before !== undefined) this.#pastRoots = [...this.#pastRoots, before];
        this.#files.set('root', content);
      }
    } finally {
      // Before anything else may fail: who has seen keys being revoked does not forget it.
      await this.#save();
    }
    trusted.requireFreshRoot();
  }

  /** 5.4. */
  async #refreshTimestamp(trusted: TrustedMetadata, signal: AbortSignal): Promise<void> {
    this.#recall('timestamp', (content) => trusted.recallTimestamp(content));
    const content = await this.#require('timestamp', ['timestamp.json'], maxTimestampBytes, signal);
    if (trusted.updateTimestamp(content)) this.#files.set('timestamp', content);
  }

  /** 5.5. */
  async #refreshSnapshot(trusted: TrustedMetadata, signal: AbortSignal): Promise<void> {
    if (this.#recall('snapshot', (content) => trusted.recallSnapshot(content)) !== true) {
      const { version, length = maxSnapshotBytes } = trusted.timestamp?.snapshotMeta ?? { version: 0 };
      const name = this.#fileName(trusted, 'snapshot', version);
      const content = await this.#require('snapshot', [name], Math.min(length, maxSnapshotBytes), signal);
      trusted.updateSnapshot(content);
      this.#files.set('snapshot', content);
    }
    // Only now is it known that the timestamp had not expired by this clock: one that is far ahead must not be remembered.
    const { now, builtMs } = this.#deps;
    this.#acceptedMs = Math.max(now(), builtMs, this.#acceptedMs);
  }

  /** 5.6, from the store when the snapshot names what is there. */
  async #loadTargets(trusted: TrustedMetadata, chain: Chain, signal: AbortSignal): Promise<Targets> {
    const role = chain.at(-1) ?? '';
    const known = trusted.targets(chain) ?? this.#recall(role, (content) => trusted.updateTargets(chain, content));
    if (known !== undefined) return known;
    const meta = trusted.targetsMeta(role);
    if (meta === undefined) throw refuse('missing', role, 'the snapshot does not name it');
    const { version, length = maxTargetsBytes } = meta;
    const name = this.#fileName(trusted, role, version);
    const content = await this.#require(role, [name], Math.min(length, maxTargetsBytes), signal);
    const targets = trusted.updateTargets(chain, content);
    this.#files.set(role, content);
    return targets;
  }

  /** What the store holds of a role; undefined when there is nothing that still holds. */
  #recall<Value>(role: string, accept: (content: Uint8Array) => Value): Value | undefined {
    const content = this.#files.get(role);
    if (content === undefined) return undefined;
    try {
      return accept(content);
    } catch (error) {
      if (isBerthError(error, 'RELEASE_REFUSED')) return undefined;
      throw error;
    }
  }

  async #require(role: string, path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const { metadata } = this.#deps;
    const content = await metadata.read(path, maxBytes, signal);
    if (content === undefined) {
      const why = `${metadata.location} has no ${path.join('/')}`;
      const hint = 'is a release repository there, or a bundle of one, seen from where this is asked?';
      throw refuse('missing', role, why, undefined, role === 'timestamp' ? hint : undefined);
    }
    return content;
  }

  #fileName({ root }: TrustedMetadata, role: string, version: number): string {
    return root.consistentSnapshot ? `${version}.${role}.json` : `${role}.json`;
  }

  /** Roles that are gone do not pile up. */
  #forgetUnnamed(trusted: TrustedMetadata): void {
    for (const role of this.#files.keys()) {
      const isNamed = ['root', 'timestamp', 'snapshot'].includes(role) || trusted.targetsMeta(role) !== undefined;
      if (!isNamed) this.#files.delete(role);
    }
  }

  async #save(): Promise<void> {
    const { files, pastRoots, acceptedMs } = this.#stored;
    const isSame =
      this.#pastRoots.length === pastRoots.length &&
      this.#files.size === files.size &&
      [...this.#files].every(([role, content]) => files.get(role) === content) &&
      this.#acceptedMs - acceptedMs < staleAcceptedMs;
    if (isSame) return;
    const next: StoredMetadata = {
      files: new Map(this.#files),
      pastRoots: this.#pastRoots,
      acceptedMs: this.#acceptedMs,
    };
    await this.#deps.store.save(next);
    this.#stored = next;
  }
}
