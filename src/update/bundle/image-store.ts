import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import { syncPath, writeDurably } from '../../engine/durable-file.ts';
import { type ArtifactSource, whole } from '../transfer/source.ts';
import { refuse } from '../tuf/refusal.ts';
import type { TrustedTarget } from '../tuf/target.ts';
import type { CarriedImage } from './image-list.ts';

/** Stays free on the disk: engines unpack what is taken here. */
const reservedBytes = 64 * 2 ** 20;

/**
 * Service images that came with a release, as archives on this host: engines load them when a service needs them. Those of the last
 * bundle are kept, each under its digest, so an image that two bundles have is read once.
 */
export class ImageStore {
  /** JSON list `[{reference, archive}]`; not there as long as no bundle had images. */
  readonly index: string;
  readonly #directory: string;
  readonly #turns = new Turns();

  constructor(directory: string) {
    this.#directory = directory;
    this.index = join(directory, 'images.json');
  }

  /**
   * Takes images in the place of those before; what is here already is not read again. Each is written while it is hashed, and has its
   * name only once it has its digest; the list is changed when all of them are there. Throws DISK_FULL before anything is written,
   * RELEASE_REFUSED for content that is not as signed, RELEASE_UNREACHABLE; rejects with the signal's reason. Then those before stay.
   * @returns the names under which services find them.
   */
  async take(images: readonly CarriedImage[], source: ArtifactSource, signal: AbortSignal): Promise<readonly string[]> {
    return this.#turns.take(async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await this.#remove((name) => name.endsWith('.new'));
      const lacking = await this.#lacking(images);
      await this.#requireRoom(lacking);
      for (const archive of lacking) await this.#fetch(archive, source, signal);
      const entries = images.flatMap(({ references, archive }) =>
        references.map((reference) => ({ reference, archive: join(this.#directory, fileOf(archive)) })),
      );
      await syncPath(this.#directory);
      await writeDurably(this.index, `${JSON.stringify(entries)}\n`);
      const kept = new Set(images.map(({ archive }) => fileOf(archive)));
      await this.#remove((name) => name.endsWith('.tar') && !kept.has(name));
      return entries.map(({ reference }) => reference);
    });
  }

  async #lacking(images: readonly CarriedImage[]): Promise<TrustedTarget[]> {
    const lacking = new Map<string, TrustedTarget>();
    for (const { archive } of images) {
      const size = await stat(join(this.#directory, fileOf(archive))).then(
        (stats) => stats.size,
        () => undefined,
      );
      if (size !== archive.bytes) lacking.set(fileOf(archive), archive);
    }
    return [...lacking.values()];
  }

  async #requireRoom(archives: readonly TrustedTarget[]): Promise<void> {
    const needed = archives.reduce((sum, { bytes }) => sum + bytes, 0);
    if (needed === 0) return;
    const { bavail, bsize } = await statfs(this.#directory);
    const room = Math.max(0, bavail * bsize - reservedBytes);
    if (needed > room)
      throw new BerthError('DISK_FULL', `the service images need ${needed} bytes, ${this.#directory} has ${room} left`);
  }

  async #fetch(archive: TrustedTarget, source: ArtifactSource, signal: AbortSignal): Promise<void> {
    const path = join(this.#directory, fileOf(archive));
    const temporary = `${path}.new`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      const sum = createHash('sha256');
      let written = 0;
      for await (const piece of source.read(archive, whole(archive), signal)) {
        if (written + piece.length > archive.bytes) throw refuse('oversized', archive.path, 'it is longer than signed');
        sum.update(piece);
        await file.writeFile(piece);
        written += piece.length;
      }
      if (written !== archive.bytes || sum.digest('hex') !== archive.hashes['sha256'])
        throw refuse('mix-and-match', archive.path, 'it does not have the digest of the signed list');
      await file.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }

  async #remove(isExcess: (name: string) => boolean): Promise<void> {
    for (const name of await readdir(this.#directory))
      if (isExcess(name)) await rm(join(this.#directory, name), { force: true });
  }
}

function fileOf({ hashes }: TrustedTarget): string {
  return `${hashes['sha256'] ?? ''}.tar`;
}
