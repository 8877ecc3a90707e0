import { mkdir, open, readFile, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError, messageOf } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { syncPath } from '../engine/durable-file.ts';
import { type Esp, EspDirectory } from './esp.ts';

/** Lets somebody work on the EFI system partition. */
export interface EspAccess {
  /** Mounts it, and unmounts it after the work, which writes what is left to write. Throws HOST_REFUSED, BUSY. */
  use<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result>;
}

export interface EspMountDependencies {
  /** The partition's: `/dev/vda1`. */
  readonly device: string;
  /** Below /run, for this process alone: `mount` and `lock` are made in it. */
  readonly directory: string;
  readonly run: (command: string, args: readonly string[]) => Promise<string>;
  readonly clock: Clock;
}

const lockPollMs = 200;
const lockPatienceMs = 10_000;
/** Nobody changes entries for this long: whoever made the lock is dead. */
const lockLifeMs = 60_000;

/** FAT32 keeps its state here: Linux sets this bit while the volume is mounted to be written. Microsoft, FAT specification, BS_Reserved1. */
const stateByte = 0x41;
const dirtyBit = 1;

/** The partition, which is mounted only while it is looked at or changed. */
export class EspMount implements EspAccess {
  readonly #deps: EspMountDependencies;
  /** What a process before this one, which was killed, may have left mounted. */
  #leftover = true;
  readonly #turns = new Turns();

  constructor(deps: EspMountDependencies) {
    this.#deps = deps;
  }

  async use<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    return this.#turns.take(async () => this.#locked(async () => this.#mounted(mode, work)));
  }

  async #mounted<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    const { device, directory, run } = this.#deps;
    const path = join(directory, 'mount');
    await mkdir(path, { recursive: true });
    if (this.#leftover) await run('umount', [path]).catch(() => undefined);
    this.#leftover = false;
    const isRepaired = mode === 'rw' && (await this.#repair());
    const mount = async (how: 'ro' | 'rw'): Promise<string> =>
      run('mount', ['-t', 'vfat', '-o', `${how},umask=0077`, device, path]);
    // It can be mounted twice, but not in two modes: somebody else may have it.
    const mounting = mode === 'ro' ? mount('ro').catch(async () => mount('rw')) : mount('rw');
    await mounting.catch((cause: unknown) => {
      throw new BerthError('HOST_REFUSED', `cannot mount ${device}, the EFI system partition`, { cause });
    });
    try {
      // The mark that it is being written goes before what is written: without it, nobody would repair what a power cut leaves.
      if (mode === 'rw') await syncPath(path);
      const esp = new EspDirectory(path);
      if (isRepaired) await removeRecovered(esp);
      return await work(esp);
    } finally {
      await run('umount', [path]);
    }
  }

  /**
   * What a power cut left half done: names of files whose space is free already would make the next change fail.
   * @returns whether something was repaired.
   */
  async #repair(): Promise<boolean> {
    const { device, run } = this.#deps;
    // Somebody has mounted it: what is written now would be written over.
    if (!(await isDirty(device)) || (await isMounted(device))) return false;
    await run('fsck.fat', ['-a', '-w', device]).catch((cause: unknown) => {
      if (!isRepaired(cause))
        throw new BerthError('HOST_REFUSED', `cannot repair ${device}, the EFI system partition`, { cause });
    });
    return true;
  }

  /** Against the guard, which may take the same entry away just now. */
  async #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const { directory, clock } = this.#deps;
    const lock = join(directory, 'lock');
    await mkdir(directory, { recursive: true });
    const deadline = clock.now() + lockPatienceMs;
    while (!(await makeDirectory(lock))) {
      const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: clock.now() }));
      if (clock.now() - mtimeMs > lockLifeMs) await rmdir(lock).catch(() => undefined);
      else if (clock.now() > deadline)
        throw new BerthError('BUSY', 'the guard is changing the boot entries', { retryable: true });
      await clock.sleep(lockPollMs);
    }
    try {
      return await work();
    } finally {
      await rmdir(lock);
    }
  }
}

async function isDirty(device: string): Promise<boolean> {
  const file = await open(device);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, stateByte);
    return ((buffer[0] ?? 0) & dirtyBit) !== 0;
  } finally {
    await file.close();
  }
}

async function isMounted(device: string): Promise<boolean> {
  return (await readFile('/proc/mounts', 'utf8')).split('\n').some((line) => line.startsWith(`${device} `));
}

/** fsck.fat(8) makes files of space that no file has: as big as what was being written. */
async function removeRecovered(esp: Esp): Promise<void> {
  for (const name of await esp.list('.')) if (/^FSCK\d{4}[.]REC$/i.test(name)) await esp.remove(name);
}

/** fsck.fat(8): 1 is "recoverable errors were detected", and with -a they are mended. */
function isRepaired(error: unknown): boolean {
  return Reflect.get(Object(Reflect.get(Object(error), 'cause')), 'code') === 1;
}

/** @returns false when it is there already. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'EEXIST') return false;
    throw error;
  }
}

/** What the system says, as what the callers of {@link EspAccess} know. */
export function espRefusal(error: unknown): unknown {
  const code: unknown = Reflect.get(Object(error), 'code');
  if (isBerthError(error) || typeof Reflect.get(Object(error), 'errno') !== 'number') return error;
  if (code === 'ENOSPC') return new BerthError('DISK_FULL', 'the EFI system partition is full', { cause: error });
  return new BerthError('HOST_REFUSED', `the EFI system partition: ${messageOf(error)}`, { cause: error });
}
