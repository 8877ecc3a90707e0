import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import { messageOf } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import { runCommand } from '../engine/run-command.ts';
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
 * Images this host has as archives, and the credentials for those it has not. An index file lists the archives that came with
 * Berth; the config names places for others.
 */
export class ImageArchives implements ImageSource {
  readonly #indexPath: string;
  readonly #config: () => HostConfig;
  readonly #known = new Map<string, KnownArchive>();

  /** @param config the config whose archives and registries' credentials are used. */
  constructor(indexPath: string, config: () => HostConfig) {
    this.#indexPath = indexPath;
    this.#config = config;
  }

  async archiveOf(reference: string): Promise<ImageArchive> {
    const wanted = normalizeReference(reference);
    const isWanted = (one: string): boolean => normalizeReference(one) === wanted;
    const entry = (await this.#entries()).find((one) => isWanted(one.reference));
    if (entry !== undefined) return found(entry.archive);
    const problems: string[] = [];
    for (const place of this.#config().imageArchives) {
      const archives = await archivesAt(place).catch((error: unknown) => note(problems, place, error));
      for (const archive of archives) {
        const references = await this.#referencesOf(archive).catch((error: unknown) => note(problems, archive, error));
        if (references.some(isWanted)) return found(archive);
      }
    }
    return { kind: 'none', problems };
  }

  authFor(reference: string): { username: string; password: string; registry: string } | undefined {
    const registry = registryOf(reference);
    const { username, password } = this.#config().connectivity.registries[registry] ?? {};
    return username === undefined || password === undefined ? undefined : { username, password, registry };
  }

  /** Read anew each time: `berth up --local` may have built more since. */
  async #entries(): Promise<readonly IndexEntry[]> {
    try {
      return JSON.parse(await readFile(this.#indexPath, 'utf8')) as IndexEntry[];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Finding an archive's list of contents may mean reading all of it, so that is done once. */
  async #referencesOf(archive: string): Promise<readonly string[]> {
    const { size, mtimeMs } = await stat(archive);
    const known = this.#known.get(archive);
    if (known?.sizeBytes === size && known.modifiedMs === mtimeMs) return known.references;
    const references = referencesIn(await runCommand('tar', ['-xOf', archive, 'manifest.json']));
    this.#known.set(archive, { sizeBytes: size, modifiedMs: mtimeMs, references });
    return references;
  }
}

/** The references in an archive's manifest.json. Source: Docker Image Specification v1.2, "Combined Image JSON". Pure. */
export function referencesIn(manifest: string): string[] {
  const images = JSON.parse(manifest) as readonly { readonly RepoTags?: readonly string[] | null }[];
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

/** `registry.example:5000/web` → `registry.example:5000`; without a host it is Docker's own. Source: distribution/reference. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
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
