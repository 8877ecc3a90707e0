import type { Metadata, MetaFile, Root, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { messageOf } from '../../core/errors.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp, requireSigned } from './metadata.ts';
import { refuse } from './refusal.ts';

interface Expiring {
  readonly signed: { readonly expires: string; readonly version: number };
}

/** Names of roles: each one delegates to the next. */
export type Chain = readonly string[];

/**
 * The metadata that is believed, and the checks that new metadata has to pass: the detailed client workflow of the TUF
 * specification (1.0, section 5), whose clauses the comments name. Does not read or write anything. All of its methods
 * throw RELEASE_REFUSED, and then nothing has changed.
 */
export class TrustedMetadata {
  #root: Metadata<Root>;
  #timestamp: Metadata<Timestamp> | undefined;
  #snapshot: Metadata<Snapshot> | undefined;
  /** By chain: two delegators may trust other keys for one role. */
  readonly #targets = new Map<string, Metadata<Targets>>();
  /** What counts as now, for all of one refresh (5.1). */
  readonly #nowMs: number;

  /** @param root is trusted already; it still has to be what it says it is. */
  constructor(root: Uint8Array, nowMs: number) {
    this.#nowMs = nowMs;
    this.#root = parseRoot(root);
    const { roles, keys } = this.#root.signed;
    requireSigned('root', roles['root'], keys, this.#root);
  }

  get root(): Root {
    return this.#root.signed;
  }

  /** Undefined until there is one. */
  get timestamp(): Timestamp | undefined {
    return this.#timestamp?.signed;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot?.signed;
  }

  /** When it will be good no more, by role; of delegated roles those that were looked at. */
  get expiries(): { readonly role: string; readonly expires: string }[] {
    const { root, timestamp, snapshot } = this;
    const targets = [...this.#targets].map(([chain, { signed }]) => [roleOf(chain), signed] as const);
    return [...Object.entries({ root, timestamp, snapshot }), ...targets].flatMap(([role, signed]) =>
      signed === undefined ? [] : [{ role, expires: signed.expires }],
    );
  }

  /** 5.3.4 to 5.3.7. Whether it has expired is of no interest while there may be a newer one. */
  updateRoot(content: Uint8Array): void {
    const next = parseRoot(content);
    const trusted = this.#root.signed;
    requireSigned('root', trusted.roles['root'], trusted.keys, next);
    requireSigned('root', next.signed.roles['root'], next.signed.keys, next);
    if (next.signed.version !== trusted.version + 1) {
      throw refuse('rollback', 'root', `version ${next.signed.version} came where ${trusted.version + 1} has to`);
    }
    this.#root = next;
  }

  /** 5.3.10. */
  requireFreshRoot(): void {
    this.#requireFresh('root', this.#root);
  }

  /**
   * A timestamp of an earlier refresh, expired or not: the measure for newer ones. One that the root's present keys did not
   * sign is no measure: that is how a repository recovers when stolen keys signed high versions (5.3.11).
   */
  recallTimestamp(content: Uint8Array): void {
    const stored = parseTimestamp(content);
    requireSigned('timestamp', this.root.roles['timestamp'], this.root.keys, stored);
    this.#timestamp = stored;
  }

  /** 5.4.2 to 5.4.4. @returns whether it is newer than the trusted one; one of the same version is not looked at further. */
  updateTimestamp(content: Uint8Array): boolean {
    const next = parseTimestamp(content);
    requireSigned('timestamp', this.root.roles['timestamp'], this.root.keys, next);
    const trusted = this.timestamp;
    if (trusted !== undefined) {
      if (next.signed.version === trusted.version) return false;
      requireRise('timestamp', trusted.version, next.signed.version);
      requireRise('snapshot', trusted.snapshotMeta.version, next.signed.snapshotMeta.version);
    }
    this.#requireFresh('timestamp', next);
    this.#timestamp = next;
    return true;
  }

  /**
   * A snapshot of an earlier refresh: the measure for newer ones.
   * @returns whether it is the one that the timestamp names, so that no other is needed.
   */
  recallSnapshot(content: Uint8Array): boolean {
    const timestamp = this.#freshTimestamp();
    const stored = parseSnapshot(content);
    requireSigned('snapshot', this.root.roles['snapshot'], this.root.keys, stored);
    this.#snapshot = stored;
    return stored.signed.version === timestamp.snapshotMeta.version && this.#isFresh(stored);
  }

  /** 5.5.2 to 5.5.6. */
  updateSnapshot(content: Uint8Array): void {
    const { snapshotMeta } = this.#freshTimestamp();
    requireSame('snapshot', snapshotMeta, content);
    const next = parseSnapshot(content);
    requireSigned('snapshot', this.root.roles['snapshot'], this.root.keys, next);
    requireVersion('snapshot', snapshotMeta, next.signed.version);
    for (const [file, { version }] of Object.entries(this.snapshot?.meta ?? {})) {
      const its = metaOf(next.signed, file);
      if (its === undefined) throw refuse('rollback', 'snapshot', `${file} is no longer in it`);
      requireRise(file, version, its.version);
    }
    this.#requireFresh('snapshot', next);
    this.#snapshot = next;
  }

  /** What the snapshot says of a role of targets; undefined when it does not know it. */
  targetsMeta(role: string): MetaFile | undefined {
    return this.snapshot === undefined ? undefined : metaOf(this.snapshot, `${role}.json`);
  }

  /** Metadata that was accepted for the last role of a chain of delegations, which begins with `targets`. */
  targets(chain: Chain): Targets | undefined {
    return this.#targets.get(nameOf(chain))?.signed;
  }

  /** 5.6.2 to 5.6.5, for the last role of a chain: by the root for `targets`, else by the role before it. */
  updateTargets(chain: Chain, content: Uint8Array): Targets {
    const role = chain.at(-1) ?? '';
    const meta = this.targetsMeta(role);
    if (meta === undefined) throw refuse('missing', role, 'the snapshot does not name it');
    requireSame(role, meta, content);
    const next = parseTargets(role, content);
    const { keys, signers } = this.#delegation(chain);
    requireSigned(role, signers, keys, next);
    requireVersion(role, meta, next.signed.version);
    this.#requireFresh(role, next);
    this.#targets.set(nameOf(chain), next);
    return next.signed;
  }

  #delegation(chain: Chain) {
    if (chain.length === 1) return { keys: this.root.keys, signers: this.root.roles['targets'] };
    const role = chain.at(-1) ?? '';
    const { keys = {}, roles = {}, succinctRoles } = this.targets(chain.slice(0, -1))?.delegations ?? {};
    if (succinctRoles?.isDelegatedRole(role) === true) return { keys, signers: succinctRoles };
    return { keys, signers: Object.hasOwn(roles, role) ? roles[role] : undefined };
  }

  /** A timestamp that has expired must not lead to anything: whoever serves it may be holding newer ones back. */
  #freshTimestamp(): Timestamp {
    if (this.#timestamp === undefined) throw refuse('missing', 'timestamp', 'there is none');
    this.#requireFresh('timestamp', this.#timestamp);
    return this.#timestamp.signed;
  }

  #requireFresh(role: string, metadata: Expiring): void {
    if (this.#isFresh(metadata)) return;
    const { version, expires } = metadata.signed;
    const now = new Date(this.#nowMs).toISOString();
    throw refuse('expired', role, `version ${version} expired at ${expires}; it is ${now} here`);
  }

  #isFresh({ signed }: Expiring): boolean {
    return Date.parse(signed.expires) > this.#nowMs;
  }
}

function nameOf(chain: Chain): string {
  return JSON.stringify(chain);
}

function roleOf(name: string): string {
  return (JSON.parse(name) as Chain).at(-1) ?? '';
}

function metaOf({ meta }: Snapshot, file: string): MetaFile | undefined {
  return Object.hasOwn(meta, file) ? meta[file] : undefined;
}

function requireRise(role: string, trusted: number, next: number): void {
  if (next < trusted) throw refuse('rollback', role, `version ${next} came after version ${trusted}`);
}

function requireVersion(role: string, { version }: MetaFile, its: number): void {
  if (its !== version) throw refuse('mix-and-match', role, `it has version ${its} where ${version} was named`);
}

function requireSame(role: string, meta: MetaFile, content: Uint8Array): void {
  try {
    meta.verify(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  } catch (error) {
    throw refuse('mix-and-match', role, messageOf(error), error);
  }
}
