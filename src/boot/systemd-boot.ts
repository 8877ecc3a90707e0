import { mkdir, readdir, rename, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { syncPath } from '../engine/durable-file.ts';
import { type BootEntry, blessedFile, parseBootEntry } from './boot-entry.ts';
import type { BootLoader } from './boot-loader.ts';
import { readLoaderVariable } from './efi-variables.ts';
import { bootOrder } from './entry-order.ts';

/** Where systemd-boot looks for unified kernel images: UAPI.1, Boot Loader Specification, type 2. */
const entryDirectory = 'EFI/Linux';
/** Where it does not look: image/os/root/usr/lib/berth/guard. */
const rejectedDirectory = 'EFI/rejected';

export interface SystemdBootDependencies {
  /** The EFI system partition. */
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

/** The entries on the EFI system partition, which is mounted only while it is looked at or changed. */
export class SystemdBoot implements BootLoader {
  readonly #deps: SystemdBootDependencies;
  /** What a process before this one, which was killed, may have left mounted. */
  #leftover = true;
  readonly #turns = new Turns();

  constructor(deps: SystemdBootDependencies) {
    this.#deps = deps;
  }

  async running(): Promise<Pick<BootEntry, 'name' | 'version'> | undefined> {
    const path = (await readLoaderVariable('LoaderBootCountPath')) ?? (await readLoaderVariable('LoaderEntrySelected'));
    return path === undefined ? undefined : parseBootEntry(path.slice(path.lastIndexOf('\\') + 1));
  }

  async entries(): Promise<readonly BootEntry[]> {
    return this.#mounted('ro', listEntries);
  }

  async bless(name: string): Promise<void> {
    await this.#mounted('rw', async (esp) => {
      const entry = await find(esp, name);
      if (entry.tries === undefined) return;
      const directory = join(esp, entryDirectory);
      await rename(join(directory, entry.file), join(directory, blessedFile(entry)));
      await syncPath(directory);
    });
  }

  async reject(name: string, reason: string): Promise<void> {
    await this.#mounted('rw', async (esp) => {
      const entry = await find(esp, name);
      const others = (await listEntries(esp)).filter((other) => other.name !== name && other.tries?.left !== 0);
      if (others.length === 0)
        throw new BerthError('CONFIG_INVALID', `beside ${entry.file} there is nothing that the boot loader would try`);
      const rejected = join(esp, rejectedDirectory);
      await mkdir(rejected, { recursive: true });
      await writeFile(join(rejected, `${name}.txt`), `${reason}\n`, { flush: true });
      await rename(join(esp, entryDirectory, entry.file), join(rejected, blessedFile(entry)));
      await syncPath(rejected);
      await syncPath(join(esp, entryDirectory));
    });
  }

  /** Mounts the partition, lets `work` use it, and unmounts it, which writes what is left to write. */
  async #mounted<T>(mode: 'ro' | 'rw', work: (esp: string) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => this.#locked(async () => this.#withMount(mode, work)));
  }

  async #withMount<T>(mode: 'ro' | 'rw', work: (esp: string) => Promise<T>): Promise<T> {
    const { device, directory, run } = this.#deps;
    const esp = join(directory, 'mount');
    await mkdir(esp, { recursive: true });
    if (this.#leftover) await run('umount', [esp]).catch(() => undefined);
    this.#leftover = false;
    const mount = async (how: 'ro' | 'rw'): Promise<string> =>
      run('mount', ['-t', 'vfat', '-o', `${how},umask=0077`, device, esp]);
    // It can be mounted twice, but not in two modes: somebody else may have it.
    const mounting = mode === 'ro' ? mount('ro').catch(async () => mount('rw')) : mount('rw');
    await mounting.catch((cause: unknown) => {
      throw new BerthError('HOST_REFUSED', `cannot mount ${device}, the EFI system partition`, { cause });
    });
    try {
      return await work(esp);
    } finally {
      await run('umount', [esp]);
    }
  }

  /** Against the guard, which may take the same entry away just now. */
  async #locked<T>(work: () => Promise<T>): Promise<T> {
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

async function listEntries(esp: string): Promise<readonly BootEntry[]> {
  const files = await readdir(join(esp, entryDirectory));
  return bootOrder(files.flatMap((file) => parseBootEntry(file) ?? []));
}

async function find(esp: string, name: string): Promise<BootEntry> {
  const entry = (await listEntries(esp)).find((one) => one.name === name);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${name}`);
  return entry;
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
