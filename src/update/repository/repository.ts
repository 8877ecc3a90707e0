import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError, messageOf } from '../../core/errors.ts';
import { isPresent, writeDurably } from '../../engine/durable-file.ts';
import {
  type Document,
  type RootDocument,
  type SnapshotDocument,
  serialize,
  signedBytes,
  type TargetsDocument,
  type TimestampDocument,
} from './documents.ts';
import { namesIn, type Published, readDocument, readPublished } from './published.ts';
import { isRoleName } from './role-names.ts';
import type { Authority } from './signing.ts';

/** The parts of a repository that a person signs; snapshot and timestamp follow from them. */
export type StagedDocument = Document<RootDocument | TargetsDocument>;

const fileMode = 0o644;

/**
 * The directory of a release repository, for its maker: `metadata/` and `targets/` are what a server serves; `.staged/` holds
 * new versions of roles that lack signatures. Written so that a crash leaves what was published, or what was to be. One
 * process at a time: `withRepositoryLock`.
 */
export class Repository {
  readonly directory: string;
  readonly root: Document<RootDocument> | undefined;
  readonly timestamp: Document<TimestampDocument> | undefined;
  readonly snapshot: Document<SnapshotDocument> | undefined;
  /** `targets` and the channels, as they are published. */
  readonly published: ReadonlyMap<string, Document<TargetsDocument>>;
  /** By role: not published yet. */
  readonly staged: ReadonlyMap<string, StagedDocument>;

  private constructor(directory: string, state: Published, staged: ReadonlyMap<string, StagedDocument>) {
    this.directory = directory;
    this.root = state.root;
    this.timestamp = state.timestamp;
    this.snapshot = state.snapshot;
    this.published = state.published;
    this.staged = staged;
  }

  /** Throws NOT_FOUND when there is no repository, STORE_CORRUPT when its files do not fit together. */
  static async open(directory: string): Promise<Repository> {
    const found = await Repository.find(directory);
    if (found !== undefined) return found;
    throw noRepository(directory);
  }

  /** Undefined where there is none. */
  static async find(directory: string): Promise<Repository | undefined> {
    const state = await readPublished(directory);
    const staged = new Map<string, StagedDocument>();
    for (const name of (await namesIn(join(directory, '.staged'))).toSorted()) {
      if (!name.endsWith('.json')) continue;
      const role = name.slice(0, -'.json'.length);
      const document = await readDocument<RootDocument | TargetsDocument>(join(directory, '.staged', name), role);
      const published = role === 'root' ? state.root : state.published.get(role);
      // A crash right after publishing left it.
      if (published === undefined || !signedBytes(published.signed).equals(signedBytes(document.signed)))
        staged.set(role, document);
    }
    if (state.root === undefined && !staged.has('root')) return undefined;
    return new Repository(directory, state, staged);
  }

  /** The same, as if a role were not staged. */
  without(role: string): Repository {
    const { root, timestamp, snapshot, published } = this;
    const staged = [...this.staged].filter(([name]) => name !== role);
    return new Repository(this.directory, { root, timestamp, snapshot, published }, new Map(staged));
  }

  /** Whether there is a root, published or staged. */
  get hasRoot(): boolean {
    return this.root !== undefined || this.staged.has('root');
  }

  /** The newest version of a role that people sign; undefined when there is none. */
  newest(role: string): StagedDocument | undefined {
    return this.staged.get(role) ?? (role === 'root' ? this.root : this.published.get(role));
  }

  /** The root that counts next. */
  get newestRoot(): RootDocument {
    const root = this.newest('root');
    if (root?.signed._type !== 'root') throw new BerthError('STORE_CORRUPT', `${this.directory} has no root`);
    return root.signed;
  }

  /** The newest version of `targets` or of a channel, published or not; undefined when there is no such channel. */
  newestTargets(role: string): TargetsDocument | undefined {
    const newest = this.newest(role);
    return newest?.signed._type === 'targets' ? newest.signed : undefined;
  }

  /** Names of the channels. */
  get channels(): readonly string[] {
    return (this.newestTargets('targets')?.delegations?.roles ?? []).map(({ name }) => name);
  }

  /** Throws USAGE for a role that is no channel, NOT_FOUND when there is no such channel. */
  requireChannel(name: string): void {
    if (this.channels.includes(name)) return;
    const hint = `its channels: ${this.channels.join(', ')}`;
    if (isRoleName(name))
      throw new BerthError('USAGE', `${name} is a role of the repository, and no channel`, { hint });
    throw new BerthError('NOT_FOUND', `the repository has no channel ${name}`, { hint });
  }

  /** The version that a role's next document has. */
  nextVersion(role: string): number {
    const published = role === 'root' ? this.root : this.published.get(role);
    return (published?.signed.version ?? 0) + 1;
  }

  /** Who has to sign a role: of a root those of the one before, too (TUF 6.1). */
  authorities(role: string): readonly Authority[] {
    const root = this.newestRoot;
    const ofRoot = ({ keys, roles }: RootDocument, name: 'root' | 'targets' | 'snapshot' | 'timestamp'): Authority => ({
      keys,
      ...roles[name],
    });
    if (role === 'root')
      return [ofRoot(root, 'root'), ...(this.root === undefined ? [] : [ofRoot(this.root.signed, 'root')])];
    if (role === 'targets' || role === 'snapshot' || role === 'timestamp') return [ofRoot(root, role)];
    const delegations = this.newestTargets('targets')?.delegations;
    const delegation = delegations?.roles.find(({ name }) => name === role);
    if (delegations === undefined || delegation === undefined) {
      throw new BerthError('NOT_FOUND', `the repository has no channel ${role}`, {
        hint: `its channels: ${this.channels.join(', ')}; its other roles: root, targets, online (snapshot and timestamp)`,
      });
    }
    return [{ keys: delegations.keys, keyids: delegation.keyids, threshold: delegation.threshold }];
  }

  /** Puts new versions of roles aside until they are signed. @returns the repository with them. */
  async stage(documents: ReadonlyMap<string, StagedDocument>): Promise<Repository> {
    return stageDocuments(this.directory, documents);
  }

  /** Forgets what is staged here: it was published. */
  async unstage(): Promise<void> {
    for (const role of this.staged.keys()) await rm(join(this.directory, '.staged', `${role}.json`), { force: true });
  }

  /** Writes a file of `metadata`, durably. */
  async writeMetadata(name: string, document: Document): Promise<void> {
    await this.#write(join('metadata', name), serialize(document));
  }

  /** Writes a small file of `targets` under its digest. @returns how metadata lists it. */
  async writeTarget(path: string, content: Uint8Array): Promise<{ length: number; hashes: { sha256: string } }> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const file = targetFile(path, sha256);
    if (!(await isPresent(join(this.directory, file)))) await this.#write(file, content);
    return { length: content.length, hashes: { sha256 } };
  }

  /** Reads a target that a role lists. Throws STORE_CORRUPT when it is not there as it was written. */
  async readTarget(role: string, path: string): Promise<Buffer | undefined> {
    const sha256 = this.newestTargets(role)?.targets[path]?.hashes.sha256;
    if (sha256 === undefined) return undefined;
    const file = join(this.directory, targetFile(path, sha256));
    const content = await readFile(file).catch((cause: unknown) => {
      throw new BerthError('STORE_CORRUPT', `${file} cannot be read: ${messageOf(cause)}`, { cause });
    });
    if (createHash('sha256').update(content).digest('hex') === sha256) return content;
    throw new BerthError('STORE_CORRUPT', `${file} was changed`);
  }

  async #write(name: string, content: Uint8Array): Promise<void> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, content, fileMode);
  }
}

/** Throws NOT_FOUND where no repository is or was begun. Reads no file. */
export async function requireRepository(directory: string): Promise<void> {
  for (const name of ['metadata', '.staged']) if (await isPresent(join(directory, name))) return;
  throw noRepository(directory);
}

function noRepository(directory: string): BerthError {
  return new BerthError('NOT_FOUND', `${directory} is no release repository`, {
    hint: `berth release init ${directory} --keys KEYS makes one`,
  });
}

/** Makes a repository of the first versions of its roles, the root last; of one that was begun and never published, nothing stays. */
export async function beginRepository(
  directory: string,
  documents: ReadonlyMap<string, StagedDocument>,
): Promise<Repository> {
  const staged = join(directory, '.staged');
  // Without its root it is none, should we die here.
  for (const name of ['root.json', ...(await namesIn(staged))]) await rm(join(staged, name), { force: true });
  return stageDocuments(directory, documents);
}

/** Puts versions of roles aside until they are signed. */
async function stageDocuments(directory: string, documents: ReadonlyMap<string, StagedDocument>): Promise<Repository> {
  const staged = join(directory, '.staged');
  await mkdir(staged, { recursive: true });
  for (const [role, document] of documents)
    await writeDurably(join(staged, `${role}.json`), serialize(document), fileMode);
  return Repository.open(directory);
}

/** Where a target is, with consistent snapshots (TUF 6.2). */
function targetFile(path: string, sha256: string): string {
  return join('targets', dirname(path), `${sha256}.${path.slice(path.lastIndexOf('/') + 1)}`);
}
