import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, syncPath } from '../engine/durable-file.ts';

/**
 * The EFI system partition while it is mounted; paths are relative to it. What changes something is durable when it resolves.
 * FAT has no journal: of several writes without a flush between them, any may survive a power cut. Only `patch` is one write.
 */
export interface Esp {
  /** Names in a directory; none when it is not there. */
  list(directory: string): Promise<readonly string[]>;
  /** The beginning of a file, at most so many bytes. */
  head(path: string, bytes: number): Promise<Uint8Array>;
  /** A file as the disk has it. */
  read(path: string): AsyncIterable<Uint8Array>;
  sizeOf(path: string): Promise<number>;
  freeBytes(): Promise<number>;
  /** Writes a file anew; its directory is made. */
  write(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Replaces the beginning of a file, at most a sector: one write to the disk. */
  patch(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** An {@link Esp} in a directory: where the partition is mounted. */
export class EspDirectory implements Esp {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async list(directory: string): Promise<readonly string[]> {
    try {
      return await readdir(join(this.#root, directory));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async head(path: string, bytes: number): Promise<Uint8Array> {
    const file = await open(join(this.#root, path));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const file = await open(join(this.#root, path));
    try {
      yield* file.createReadStream({ autoClose: false });
    } finally {
      await file.close();
    }
  }

  async sizeOf(path: string): Promise<number> {
    return (await stat(join(this.#root, path))).size;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root);
    return bavail * bsize;
  }

  async write(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const name = join(this.#root, path);
    await mkdir(dirname(name), { recursive: true });
    const file = await open(name, 'w');
    try {
      for await (const part of content) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncPath(dirname(name));
  }

  async patch(path: string, bytes: Uint8Array): Promise<void> {
    const file = await open(join(this.#root, path), 'r+');
    try {
      await file.write(bytes, 0, bytes.length, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(join(this.#root, from), join(this.#root, to));
    // Of Linux' vfat, a flush of the directory writes the new name without the place of the content: that is the file's own.
    await syncPath(join(this.#root, to));
    for (const directory of new Set([dirname(to), dirname(from)])) await syncPath(join(this.#root, directory));
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path), { force: true });
    await syncPath(join(this.#root, dirname(path)));
  }
}
