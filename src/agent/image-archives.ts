import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import { messageOf } from '../core/errors.ts';
import { readArchiveReferences } from '../engine/archive-references.ts';
import { isMissing } from '../engine/durable-file.ts';
import type { ImageArchive, ImageSource } from '../services/executor.ts';
import { normalizeReference } from '../services/names.ts';

interface IndexEntry {
  readonly reference: string;
  readonly archive: string;
}

/** The references that an archive holds, as long as it is the same file. */
interface KnownArchive {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly references: readonly string[];
}

const archiveName = /\.(?:tar|tar\.gz|tgz)$/;

/**
 * Images this host has as archives, and the credentials for those it has not. Index files list the archives that came with
 * Berth, and those that came with a release's bundle; the config names places for others.
 */
export class ImageArchives implements ImageSource {
  readonly #indexPaths: readonly string[];
  readonly #config: () => HostConfig;
  readonly #lookFurther: () => Promise<readonly string[]>;
  readonly #known = new Map<string, KnownArchive>();

  /**
   * @param config the config whose archives and registries' credentials are used.
   * @param lookFurther called for an image that is nowhere: the indexes may list it afterwards. @returns what went wrong, a line each.
   */
  constructor(
    indexPaths: readonly string[],
    config: () => HostConfig,
    lookFurther: () => Promise<readonly string[]> = async () => Promise.resolve([]),
  ) {
    this.#indexPaths = indexPaths;
    this.#config = config;
    this.#lookFurther = lookFurther;
  }

  async archiveOf(reference: string): Promise<ImageArchive> {
    const wanted = normalizeReference(reference);
    const isWanted = (one: string): boolean => normalizeReference(one) === wanted;
    const listed = await this.#listed(isWanted);
    if (listed !== undefined) return listed;
    const problems: string[] = [];
    for (const place of this.#config().imageArchives) {
      const archives = await archivesAt(place).catch((error: unknown) => note(problems, place, error));
      for (const archive of archives) {
        const references = await this.#referencesOf(archive).catch((error: unknown) => note(problems, archive, error));
        if (references.some(isWanted)) return found(archive);
      }
    }
    problems.push(...(await this.#lookFurther()));
    return (await this.#listed(isWanted)) ?? { kind: 'none', problems };
  }

  authFor(reference: string): { username: string; password: string; registry: string } | undefined {
    const registry = registryOf(reference);
    const { username, password } = this.#config().connectivity.registries[registry] ?? {};
    return username === undefined || password === undefined ? undefined : { username, password, registry };
  }

  /** Read anew each time: `berth up --local` may have built more since. */
  async #listed(isWanted: (reference: string) => boolean): Promise<ImageArchive | undefined> {
    for (const path of this.#indexPaths) {
      const entry = (await readIndex(path)).find((one) => isWanted(one.reference));
      if (entry !== undefined) return found(entry.archive);
    }
    return undefined;
  }

  /** Finding an archive's list of contents may mean reading all of it, so that is done once. */
  async #referencesOf(archive: string): Promise<readonly string[]> {
    const { size, mtimeMs } = await stat(archive);
    const known = this.#known.get(archive);
    if (known?.sizeBytes === size && known.modifiedMs === mtimeMs) return known.references;
    const references = await readArchiveReferences(archive);
    this.#known.set(archive, { sizeBytes: size, modifiedMs: mtimeMs, references });
    return references;
  }
}

/** `registry.example:5000/web` → `registry.example:5000`; without a host it is Docker's own. Source: distribution/reference. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
}

async function readIndex(path: string): Promise<readonly IndexEntry[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as IndexEntry[];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function found(archive: string): ImageArchive {
  return { kind: 'found', open: () => createReadStream(archive) };
}

/** A declared place is an archive, or a directory of archives. */
async function archivesAt(place: string): Promise<readonly string[]> {
  if (!(await stat(place)).isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => archiveName.test(name));
  return names.toSorted().map((name) => join(place, name));
}

function note(problems: string[], place: string, error: unknown): readonly never[] {
  problems.push(isMissing(error) ? `${place} is not there` : `${place} cannot be read: ${messageOf(error)}`);
  return [];
}
