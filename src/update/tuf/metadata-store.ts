import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath, writeSynced } from '../../engine/durable-file.ts';
import { encodeName } from './source.ts';

/** What a host holds for true, as it was received. */
export interface StoredMetadata {
  /** By role. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** It was at least this late when a timestamp was accepted; milliseconds since the epoch. */
  readonly acceptedMs: number;
}

interface Index {
  readonly acceptedMs: number;
  /** Role → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
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
  async save({ files, acceptedMs }: StoredMetadata): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const before = await this.#current();
    const newest = Number(generationName.exec((await this.#generations())[0] ?? '')?.[1] ?? '0');
    const name = `generation-${newest + 1}`;
    try {
      await writeGeneration(join(this.#directory, name), files, acceptedMs);
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

async function writeGeneration(
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
  acceptedMs: number,
): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  for (const [role, content] of files) await writeSynced(join(directory, fileOf(role)), content, 0o600);
  const hashes = [...files].map(([role, content]) => [role, hashOf(content)]);
  const index: Index = { acceptedMs, files: Object.fromEntries(hashes) as Index['files'] };
  await writeSynced(join(directory, indexName), JSON.stringify(index), 0o600);
  await syncPath(directory);
}

/** Rejects when anything of it is missing or damaged. */
async function readGeneration(directory: string): Promise<StoredMetadata> {
  const { acceptedMs, files } = JSON.parse(await readFile(join(directory, indexName), 'utf8')) as Index;
  const contents = new Map<string, Uint8Array>();
  for (const [role, hash] of Object.entries(files)) {
    const content = await readFile(join(directory, fileOf(role)));
    if (hashOf(content) !== hash) throw new Error(`${role} is damaged`);
    contents.set(role, content);
  }
  if (!Number.isFinite(acceptedMs)) throw new Error('the index is damaged');
  return { files: contents, acceptedMs };
}

const fileOf = (role: string): string => `${encodeName(role)}.json`;

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
