import { mkdir } from 'node:fs/promises';
import { BerthError, messageOf } from '../core/errors.ts';
import { readBoundedFile } from './bounded-file.ts';
import type { BlockDevice } from './host-facts.ts';
import type { RunTool } from './run-tool.ts';
import type { SeedDocuments } from './seed-documents.ts';
import { maxDocumentBytes, type SeedDevices } from './seed-ports.ts';

/** File systems that seeds come on, if nothing else is said. Others are refused: their kernel code has seen fewer hostile images. */
export const seedTypes: readonly string[] = ['vfat', 'iso9660'];

/** Seed disks, mounted read-only for as long as they are read. */
export class MountedSeedDevices implements SeedDevices {
  readonly #run: RunTool;
  readonly #mountPoint: string;

  constructor(run: RunTool, mountPoint = '/run/berth/seed') {
    this.#run = run;
    this.#mountPoint = mountPoint;
  }

  async read(
    device: BlockDevice,
    paths: readonly string[],
    signal: AbortSignal,
    types: readonly string[] = seedTypes,
  ): Promise<SeedDocuments> {
    const type = types.find((known) => known === device.type);
    if (type === undefined) {
      throw new BerthError(
        'DATASOURCE_UNREADABLE',
        `${device.path} has the file system ${device.type ?? 'of no known type'}`,
        {
          hint: `a seed disk has one of ${types.join(', ')}`,
        },
      );
    }
    await mkdir(this.#mountPoint, { recursive: true, mode: 0o700 });
    try {
      await this.#run('mount', ['-t', type, '-o', 'ro,nosuid,nodev,noexec', device.path, this.#mountPoint], signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new BerthError('DATASOURCE_UNREADABLE', `${device.path} cannot be mounted: ${messageOf(error)}`, {
        cause: error,
      });
    }
    try {
      const documents = new Map<string, Uint8Array>();
      for (const path of paths) {
        const bytes = await readBoundedFile(this.#mountPoint, path, maxDocumentBytes);
        if (bytes !== undefined) documents.set(path, bytes);
      }
      return documents;
    } finally {
      await this.#run('umount', [this.#mountPoint], AbortSignal.timeout(30_000));
    }
  }
}
