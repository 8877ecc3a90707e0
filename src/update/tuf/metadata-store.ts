import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath, writeSynced } from '../../engine/durable-file.ts';
import { encodeName } from './source.ts';

/** What a host holds for true, as it was received. */
export interface StoredMetadata {
  /** By role. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The roots before the current one that trust has come by, the oldest first. */
  readonly pastRoots: readonly Uint8Array[];
  /** It was at least this late when a timestamp was accepted; milliseconds since the epoch. */
  readonly acceptedMs: number;
}

interface Index {
  readonly acceptedMs: number;
  /** Role → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of each; what an earlier Berth wrote has none. */
  readonly pastRoots?: readonly string[];
}

const generationName = /^generation-(\d+)$/;
const indexName = 'index';

/**
 * Metadata across restarts and power cuts. Each `save` makes a directory, `generation-N`, and makes it the current one by
 * renaming a link; the one before stays. Whatever is cut short or damaged later is not believed: an index has the hash of
 * every file. One writer at a time.
 */
export class MetadataStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What can be read, the current one first. Empty on a host that has seen nothing yet. */
  async load(): Promise<StoredMetadata[]> {
    const found: StoredMetadata[] = [];
    const current = await this.#current();
    const others = (await this.#generations()).filter((name) => name !== current);
    for (const name of current === undefined ? others : [current, ...others]) {
      const stored = await readGeneration(join(this.#directory, name)).catch(() => undefined);
      if (stored !== undefined) found.push(stored);
    }
    return found;
  }

  /** Durable when it resolves; a crash before leaves what was there. */
  async save(metadata: StoredMetadata): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const before = await this.#current();
    const newest = Number(generationName.exec((await this.#generations())[0] ?? '')?.[1] ?? '0');
    const name = `generation-${newest + 1}`;
    try {
      await writeGeneration(join(this.#directory, name), metadata);
    } catch (error) {
      // On a full disk, what each attempt leaves would pile up.
      await rm(join(this.#directory, name), { recursive: true, force: true });
      throw error;
    }
    await syncPath(this.#directory);
    const link = join(this.#directory, 'current.new');
    await rm(link, { force: true });
    await symlink(name, link);
    await rename(link, join(this.#directory, 'current'));
    await syncPath(this.#directory);
    for (const old of await this.#generations()) {
      if (old !== name && old !== before) await rm(join(this.#directory, old), { recursive: true });
    }
  }

  async #current(): Promise<string | undefined> {
    const name = await readlink(join(this.#directory, 'current')).catch(() => undefined);
    return name !== undefined && generationName.test(name) ? name : undefined;
  }

  /** Newest first. */
  async #generations(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const number = (name: string): number => Number(generationName.exec(name)?.[1]);
    return names.filter((name) => generationName.test(name)).sort((a, b) => number(b) - number(a));
  }
}

async function writeGeneration(directory: string, { files, pastRoots, acceptedMs }: StoredMetadata): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  for (const [role, content] of files) await writeSynced(join(directory, fileOf(role)), content, 0o600);
  for (const [index, content] of pastRoots.entries())
    await writeSynced(join(directory, pastRootName(index)), content, 0o600);
  const hashes = [...files].map(([role, content]) => [role, hashOf(content)]);
  const index: Index = {
    acceptedMs,
    files: Object.fromEntries(hashes) as Index['files'],
    pastRoots: pastRoots.map(hashOf),
  };
  await writeSynced(join(directory, indexName), JSON.stringify(index), 0o600);
  await syncPath(directory);
}

/** Rejects when anything of it is missing or damaged. */
async function readGeneration(directory: string): Promise<StoredMetadata> {
  const { acceptedMs, files, pastRoots = [] } = JSON.parse(await readFile(join(directory, indexName), 'utf8')) as Index;
  const read = async (name: string, hash: string): Promise<Uint8Array> => {
    const content = await readFile(join(directory, name));
    if (hashOf(content) !== hash) throw new Error(`${name} is damaged`);
    return content;
  };
  const contents = new Map<string, Uint8Array>();
  for (const [role, hash] of Object.entries(files)) contents.set(role, await read(fileOf(role), hash));
  if (!Number.isFinite(acceptedMs)) throw new Error('the index is damaged');
  const roots = await Promise.all(pastRoots.map(async (hash, index) => read(pastRootName(index), hash)));
  return { files: contents, pastRoots: roots, acceptedMs };
}

const fileOf = (role: string): string => `${encodeName(role)}.json`;

/** No role's file is called so: they end in `.json`. */
const pastRootName = (index: number): string => `past-root-${index}`;

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
