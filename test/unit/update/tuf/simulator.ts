import { createHash } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { refuse } from '../../../../src/update/tuf/refusal.ts';
import type { Source } from '../../../../src/update/tuf/source.ts';
import { makeKey, type TestKey } from './test-key.ts';

export const day = 86_400_000;
/** Now, in the tests. */
export const noon = Date.parse('2026-05-01T12:00:00Z');
export const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

interface Role {
  keyids: string[];
  threshold: number;
}

interface Delegation extends Role {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}

interface Meta {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}

interface Signed {
  _type: string;
  spec_version: string;
  version: number;
  expires: string;
}

interface Targets extends Signed {
  targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: { keys: Record<string, unknown>; roles: Delegation[] };
}

const common = { spec_version: '1.0.31', version: 1, expires: time(noon + 30 * day) };
const topRoles = ['root', 'timestamp', 'snapshot', 'targets'] as const;

/**
 * A repository in memory that serves what it is at the moment, signed as it is asked for; only roots are published one by
 * one. Its fields are changed by tests as an attacker or a maintainer would.
 */
export class Simulator {
  readonly root = {
    _type: 'root',
    ...common,
    consistent_snapshot: true,
    keys: {} as Record<string, unknown>,
    roles: Object.fromEntries(topRoles.map((name) => [name, { keyids: [], threshold: 1 }])) as unknown as Record<
      (typeof topRoles)[number],
      Role
    >,
  };
  readonly timestamp = { _type: 'timestamp', ...common, meta: { 'snapshot.json': { version: 1 } as Meta } };
  readonly snapshot = {
    _type: 'snapshot',
    ...common,
    meta: { 'targets.json': { version: 1 } } as Record<string, Meta>,
  };
  readonly targets: Targets = { _type: 'targets', ...common, targets: {} };
  readonly delegated = new Map<string, Targets>();
  readonly signers = new Map<string, TestKey[]>();
  /** Signed roots, from version 1. */
  readonly roots: Uint8Array[] = [];
  readonly artifacts = new Map<string, Uint8Array>();
  /** Names that were asked for. */
  readonly requests: string[] = [];
  /** Names → what is served instead. */
  readonly instead = new Map<string, Uint8Array>();
  /** Names of metadata that are not there. */
  readonly absent = new Set<string>();
  /** Snapshot and timestamp tell lengths and hashes. */
  withHashes = false;

  constructor() {
    for (const role of topRoles) this.addKey(role, makeKey());
    this.publishRoot();
  }

  get metadata(): Source {
    return { location: 'simulator', read: async (path, maxBytes) => this.#bounded(path.join('/'), maxBytes) };
  }

  get files(): Source {
    return {
      location: 'simulator',
      read: async (path, maxBytes) => {
        this.requests.push(path.join('/'));
        const name = path.join('/').replace(/[0-9a-f]{64,128}\./, '');
        return atMost(name, this.artifacts.get(name), maxBytes);
      },
    };
  }

  addKey(role: (typeof topRoles)[number], key: TestKey): void {
    this.root.keys[key.id] = key.document;
    if (!this.root.roles[role].keyids.includes(key.id)) this.root.roles[role].keyids.push(key.id);
    this.addSigner(role, key);
  }

  addSigner(role: string, key: TestKey): void {
    this.signers.set(role, [...(this.signers.get(role) ?? []), key]);
  }

  rotateKeys(role: (typeof topRoles)[number]): void {
    this.root.roles[role].keyids = [];
    this.signers.delete(role);
    this.addKey(role, makeKey());
  }

  /** Signs the root as it is; its version is the number of roots before it, plus one. */
  publishRoot(): Uint8Array {
    this.root.version = this.roots.length + 1;
    const content = this.sign('root', this.root);
    this.roots.push(content);
    return content;
  }

  updateTimestamp(): void {
    this.timestamp.meta['snapshot.json'] = this.#metaOf('snapshot', this.snapshot);
    this.timestamp.version += 1;
  }

  updateSnapshot(): void {
    for (const [role, signed] of [['targets', this.targets] as const, ...this.delegated])
      this.snapshot.meta[`${role}.json`] = this.#metaOf(role, signed);
    this.snapshot.version += 1;
    this.updateTimestamp();
  }

  /** A key of its own signs the delegated role. */
  delegate(delegator: string, delegation: Partial<Delegation> & { readonly name: string }): Targets {
    const { name } = delegation;
    const key = this.signers.get(name)?.[0] ?? makeKey();
    if (!this.signers.has(name)) this.addSigner(name, key);
    const from = delegator === 'targets' ? this.targets : this.delegated.get(delegator);
    if (from === undefined) throw new Error(`no role ${delegator}`);
    from.delegations ??= { keys: {}, roles: [] };
    from.delegations.keys[key.id] = key.document;
    const paths = delegation.path_hash_prefixes === undefined ? { paths: ['*'] } : {};
    from.delegations.roles.push({ keyids: [key.id], threshold: 1, terminating: false, ...paths, ...delegation });
    const role = this.delegated.get(name) ?? { _type: 'targets', ...common, targets: {} };
    this.delegated.set(name, role);
    return role;
  }

  addArtifact(role: string, path: string, content: string, algorithm = 'sha256'): void {
    const bytes = Buffer.from(content);
    this.artifacts.set(path, bytes);
    const targets = role === 'targets' ? this.targets : this.delegated.get(role);
    if (targets === undefined) throw new Error(`no role ${role}`);
    targets.targets[path] = {
      length: bytes.length,
      hashes: { [algorithm]: createHash(algorithm).update(bytes).digest('hex') },
    };
  }

  sign(role: string, signed: object): Uint8Array {
    const bytes = Buffer.from(canonicalize(signed));
    const signatures = (this.signers.get(role) ?? []).map((key) => ({ keyid: key.id, sig: key.sign(bytes) }));
    return Buffer.from(JSON.stringify({ signatures, signed }));
  }

  #metaOf(role: string, signed: Signed): Meta {
    if (!this.withHashes) return { version: signed.version };
    const content = this.sign(role, signed);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { version: signed.version, length: content.length, hashes: { sha256 } };
  }

  #bounded(name: string, maxBytes: number): Uint8Array | undefined {
    this.requests.push(name);
    if (this.absent.has(name)) return undefined;
    return atMost(name, this.instead.get(name) ?? this.#serve(name), maxBytes);
  }

  #serve(name: string): Uint8Array | undefined {
    const [, version, role = ''] = /^(?:(\d+)\.)?(.*)\.json$/.exec(name) ?? [];
    if (role === 'root') return this.roots[Number(version) - 1];
    const signed = { timestamp: this.timestamp, snapshot: this.snapshot, targets: this.targets }[role];
    const found = signed ?? this.delegated.get(role);
    return found === undefined ? undefined : this.sign(role, found);
  }
}

/** As the sources do it. */
function atMost(name: string, content: Uint8Array | undefined, maxBytes: number): Uint8Array | undefined {
  if (content !== undefined && content.length > maxBytes) throw refuse('oversized', name, 'too long');
  return content;
}
