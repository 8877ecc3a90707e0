import { basename, dirname } from 'node:path';
import type { Esp } from '../../../src/boot/esp.ts';
import type { EspAccess } from '../../../src/boot/esp-mount.ts';
import { clusterBytes, contentOf, type FatFile } from './fat-cells.ts';
import { FatVolume } from './fat-volume.ts';
import type { Medium } from './medium.ts';

/** What SystemdBoot leaves free: this partition has it besides. */
const spareBytes = 2 ** 20;
const directories = ['EFI/Linux', 'EFI/rejected', 'loader/entries'];

/** An EFI system partition on a {@link Medium}. Unmounting writes what is left, and flushes nothing. */
export class MemoryEsp implements EspAccess {
  readonly #medium: Medium;
  readonly #volume: FatVolume;

  constructor(medium: Medium, clusters: number) {
    this.#medium = medium;
    this.#volume = new FatVolume(medium, clusters);
  }

  async use<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    this.#medium.operation(mode === 'rw' ? 'mount' : 'read: mount');
    if (mode === 'ro') return work(new VolumeEsp(this.#medium, this.#volume));
    if (this.#volume.isDirty) this.#volume.repair(directories);
    this.#volume.setDirty(true);
    try {
      this.#volume.syncDirectory('', 'mount');
      return await work(new VolumeEsp(this.#medium, this.#volume));
    } finally {
      this.#volume.setDirty(false);
    }
  }
}

class VolumeEsp implements Esp {
  readonly #medium: Medium;
  readonly #volume: FatVolume;

  constructor(medium: Medium, volume: FatVolume) {
    this.#medium = medium;
    this.#volume = volume;
  }

  async list(directory: string): Promise<readonly string[]> {
    this.#medium.operation('read: list');
    return this.#volume.files(directory).map(({ name }) => name);
  }

  async head(path: string, bytes: number): Promise<Uint8Array> {
    return (await this.#content(path)).subarray(0, bytes);
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    yield await this.#content(path);
  }

  async sizeOf(path: string): Promise<number> {
    this.#medium.operation('read: stat');
    return this.#find(path).size;
  }

  async freeBytes(): Promise<number> {
    this.#medium.operation('read: statfs');
    return this.#volume.freeClusters() * clusterBytes + spareBytes;
  }

  async write(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const present = this.#named(path);
    if (present !== undefined) this.#volume.remove(present);
    const place = this.#volume.create(dirname(path), basename(path));
    for await (const part of content) this.#volume.append(place, part);
    this.#volume.syncFile(place, 'write');
    this.#volume.syncDirectory(dirname(path), 'write');
  }

  async patch(path: string, bytes: Uint8Array): Promise<void> {
    const file = this.#find(path);
    this.#volume.patch(file, bytes);
    this.#volume.syncFile(file, bytes[0] === 0 ? 'patch: no magic' : 'patch: magic');
  }

  async rename(from: string, to: string): Promise<void> {
    this.#volume.rename(this.#find(from), basename(to));
    this.#volume.syncFile(this.#find(to), 'rename');
    this.#volume.syncDirectory(dirname(to), 'rename');
  }

  async remove(path: string): Promise<void> {
    const file = this.#named(path);
    if (file !== undefined) this.#volume.remove(file);
    this.#volume.syncDirectory(dirname(path), 'remove');
  }

  async #content(path: string): Promise<Uint8Array> {
    this.#medium.operation('read: content');
    const file = this.#find(path);
    const content = contentOf(this.#volume.cells, file);
    if (content.length < file.size) throw systemError('EIO', path);
    return content;
  }

  #named(path: string): FatFile | undefined {
    return this.#volume.files(dirname(path)).find(({ name }) => name === basename(path));
  }

  #find(path: string): FatFile {
    const file = this.#named(path);
    if (file === undefined) throw systemError('ENOENT', path);
    return file;
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, errno: -1, syscall: 'open' });
}
