import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { listBlockDevices } from '../datasource/host-facts-reader.ts';
import { seedTypes } from '../datasource/mounted-seed-devices.ts';
import type { RunTool } from '../datasource/run-tool.ts';
import { isPresent } from '../engine/durable-file.ts';

/** Where the disk is found that hosts without a network get releases and images from. */
export const mediumDirectory = '/run/berth/media';
/** Its file system's label, in any letter case. */
const mediumLabel = 'berth';

/** A disk with bundles, plugged in at any time: mounted read-only when something of it is asked for, and from then on. */
export class Medium {
  readonly #run: RunTool;
  readonly #turns = new Turns();

  constructor(run: RunTool) {
    this.#run = run;
  }

  /** Paths of the bundles on it, the newest by name first; none when there is no such disk. Throws HOST_REFUSED. */
  async bundles(signal: AbortSignal): Promise<readonly string[]> {
    const isThere = await this.#turns.take(async () => this.#mount(signal));
    return isThere ? bundlesIn(mediumDirectory) : [];
  }

  /**
   * What a location means: the disk itself stands for its newest bundle, unless it is a repository. Throws HOST_REFUSED, RELEASE_UNREACHABLE
   * while there is no such disk.
   */
  async resolve(location: string, signal: AbortSignal): Promise<string> {
    const path = location.replace(/\/+$/, '');
    if (path !== mediumDirectory && !path.startsWith(`${mediumDirectory}/`)) return location;
    const isThere = await this.#turns.take(async () => this.#mount(signal));
    // Once a disk was there, its directory stays.
    if (!isThere && !(await isPresent(path === mediumDirectory ? join(path, 'metadata') : path)))
      throw new BerthError('RELEASE_UNREACHABLE', `${location}: no disk with the label BERTH is plugged in`, {
        retryable: true,
        hint: 'its file system is FAT or ISO 9660 (mkfs.vfat -n BERTH /dev/sdX1); this host mounts it by itself',
      });
    const [newest] = isThere ? await bundlesIn(mediumDirectory) : [];
    const isDisk = path === mediumDirectory && !(await isPresent(join(path, 'metadata')));
    return isDisk && newest !== undefined ? newest : location;
  }

  /** @returns whether it is there. */
  async #mount(signal: AbortSignal): Promise<boolean> {
    const mounted = mountedDevice(await readFile('/proc/mounts', 'utf8'), mediumDirectory);
    if (mounted !== undefined) {
      if (existsSync(mounted)) return true;
      // It was pulled out.
      await this.#run('umount', ['-l', mediumDirectory], signal);
    }
    const devices = await listBlockDevices(this.#run, signal);
    const device = devices.find(({ label }) => label?.toLowerCase() === mediumLabel);
    if (device === undefined) return false;
    const type = seedTypes.find((known) => known === device.type);
    if (type === undefined)
      throw new BerthError(
        'HOST_REFUSED',
        `${device.path}, labelled ${mediumLabel}, has the file system ${device.type ?? 'of no known type'}`,
        { hint: `one of ${seedTypes.join(', ')} will do` },
      );
    await mkdir(mediumDirectory, { recursive: true, mode: 0o755 });
    await this.#run('mount', ['-t', type, '-o', 'ro,nosuid,nodev,noexec', device.path, mediumDirectory], signal);
    return true;
  }
}

/** The device that is mounted at a directory, of /proc/mounts; undefined: none is. Pure. */
export function mountedDevice(mounts: string, directory: string): string | undefined {
  const line = mounts.split('\n').findLast((one) => one.split(' ')[1] === directory);
  return line?.split(' ')[0];
}

/** Archives in a directory, the last one by name first: numbers in names count by their value. */
async function bundlesIn(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => /\.tar$/i.test(name) && !name.startsWith('.'));
  return byNewestName(names).map((name) => join(directory, name));
}

/** Pure. */
export function byNewestName(names: readonly string[]): string[] {
  return names.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}
