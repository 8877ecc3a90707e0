import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create, replace } from 'tar';
import { BerthError } from '../../core/errors.ts';
import { syncPath } from '../../engine/durable-file.ts';
import { readFeed, readRelease } from '../feed/channel.ts';
import { blobName } from '../release-manifest.ts';
import { DirectorySource } from '../tuf/directory-source.ts';
import { maxRootBytes } from '../tuf/limits.ts';
import type { Source } from '../tuf/source.ts';
import { type Expiry, TufClient } from '../tuf/tuf-client.ts';
import { type BundleImages, type BundleImagesOptions, layOutImages } from './bundle-images.ts';
import { releasesOf, stoppedIn } from './feed-edits.ts';
import { filesOf, requireFiles } from './release-directory.ts';

export interface BundleOptions {
  /** Directory. */
  readonly repository: string;
  readonly version: string;
  readonly channel: string;
  /** Where the bundle goes. */
  readonly file: string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Service images for these hosts: archives as `docker save` writes them, and who signs the list of them for the channel. */
  readonly images?: Pick<BundleImagesOptions, 'archives' | 'signing' | 'request'>;
}

/** What went into a bundle. */
export interface WrittenBundle {
  /** Paths in the repository, in the order of the bundle. */
  readonly files: readonly string[];
  /** Names of the service images in it. */
  readonly images: readonly string[];
  readonly bytes: number;
  /** After which of these no host takes it any more. */
  readonly expires: Expiry;
}

/**
 * Writes one release, for each kind of machine that it is for, and the metadata that vouches for it into a tar archive, for hosts
 * without a network. What goes in is what a host reads of the repository to get there, and it is checked as a host would. The
 * same repository and the same images give the same bytes. Throws NOT_FOUND, RELEASE_REFUSED, USAGE when the release was revoked or is
 * paused, CONFIG_INVALID when a file of it is damaged, and as {@link layOutImages} does; rejects with the signal's reason. A bundle is there whole or not at all.
 */
export async function writeBundle(options: BundleOptions): Promise<WrittenBundle> {
  const { repository, channel, version, file, nowMs, signal } = options;
  const read = new Set<string>();
  const metadata = new NotingSource(repository, 'metadata', read);
  const root = await metadata.read(['1.root.json'], maxRootBytes, signal);
  if (root === undefined)
    throw new BerthError('NOT_FOUND', `${repository} is no release repository`, {
      hint: 'it is a folder that "berth release init" made, with metadata/1.root.json in it',
    });
  const targets = new NotingSource(repository, 'targets', read);
  const now = (): number => nowMs;
  const client = new TufClient({ metadata, targets, store: noStore, shippedRoot: root, now, builtMs: 0 });
  await client.refresh(signal);
  const blobs: string[] = [];
  for (const release of releasesOf(await readFeed(client, channel, signal), version)) {
    const stopped = release.revoked ?? release.paused;
    if (stopped !== undefined) throw stoppedIn(channel, release, stopped);
    const manifest = await readRelease(client, channel, release, signal);
    await requireFiles(manifest, (one) => join(repository, 'targets', 'blobs', blobName(one)));
    blobs.push(...filesOf(manifest).map((one) => `targets/blobs/${blobName(one)}`));
  }
  const files = [...new Set([...read, ...blobs])];
  const [expires] = client.expiries.toSorted((a, b) => Date.parse(a.expires) - Date.parse(b.expires));
  if (expires === undefined) throw new Error('metadata without expiry');
  const parts = `${file}.parts`;
  await rm(parts, { recursive: true, force: true });
  try {
    let images: BundleImages = { files: [], references: [] };
    if (options.images !== undefined && options.images.archives.length > 0) {
      await mkdir(parts, { recursive: true });
      images = await layOutImages(parts, { ...options.images, client, channel, expires: expires.expires });
    }
    await writeTar(file, { directory: repository, files }, { directory: parts, files: images.files }, signal);
    const { size: bytes } = await stat(file);
    return { files: [...files, ...images.files], images: images.references, bytes, expires };
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

/** Files of a directory, by their paths in it. */
interface Part {
  readonly directory: string;
  readonly files: readonly string[];
}

async function writeTar(file: string, first: Part, second: Part, signal: AbortSignal): Promise<void> {
  const temporary = `${file}.new`;
  const how = { portable: true, mtime: new Date(0), noDirRecurse: true, follow: true, strict: true } as const;
  try {
    const archive = create({ ...how, cwd: first.directory }, [...first.files]);
    await pipeline(archive, createWriteStream(temporary), { signal });
    if (second.files.length > 0) await replace({ ...how, cwd: second.directory, file: temporary }, [...second.files]);
    await syncPath(temporary);
    await rename(temporary, file);
    await syncPath(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A repository's directory that notes what was read of it. */
class NotingSource implements Source {
  readonly location: string;
  readonly #files: Source;
  readonly #folder: string;
  readonly #read: Set<string>;

  constructor(repository: string, folder: 'metadata' | 'targets', read: Set<string>) {
    this.#files = new DirectorySource(join(repository, folder));
    this.location = this.#files.location;
    this.#folder = folder;
    this.#read = read;
  }

  async read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const content = await this.#files.read(path, maxBytes, signal);
    if (content !== undefined) this.#read.add([this.#folder, ...path].join('/'));
    return content;
  }
}

/** A host that has seen nothing, and remembers nothing. */
const noStore = { load: async () => Promise.resolve([]), save: async () => Promise.resolve() };
