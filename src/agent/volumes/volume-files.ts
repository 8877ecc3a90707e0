import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../core/file-failure.ts';
import { isMissing, isPresent, syncPath, writeDurably } from '../../engine/durable-file.ts';
import type { VolumeSet } from '../../update/volume-status.ts';
import type { VolumeRelease } from './forward-marks.ts';

/** The directory `volumes` of the state directory. `keep-volumes` and the guard of the image read and write it, too. */
export class VolumeFiles {
  readonly #state: string;

  constructor(stateDirectory: string) {
    this.#state = stateDirectory;
  }

  get #directory(): string {
    return join(this.#state, 'volumes');
  }

  /** Empty when there is none. */
  async read(name: 'rules' | 'forward-only'): Promise<string> {
    return readText(join(this.#directory, name));
  }

  /** Durable when it resolves. */
  async write(name: 'rules' | 'forward-only', text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await syncPath(this.#state);
    await writeDurably(join(this.#directory, name), text);
  }

  /** Notes that this release ran last: unless another one is noted, whose word counts while this one is on trial. */
  async noteLast({ rootHash, version }: VolumeRelease, isBlessed: boolean): Promise<void> {
    const path = join(this.#directory, 'last');
    const [noted = ''] = (await readText(path)).trim().split(' ');
    if (noted === rootHash || (noted !== '' && !isBlessed)) return;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeDurably(path, `${rootHash} ${version}\n`);
  }

  /** Whether `keep-volumes` could not complete what it was to put back. */
  async isPuttingBack(): Promise<boolean> {
    return isPresent(join(this.#directory, 'restore'));
  }

  /** undefined when there is no whole one. */
  async set(name: 'snapshot' | 'taken-back'): Promise<(VolumeSet & { readonly directory: string }) | undefined> {
    const directory = join(this.#directory, name);
    const [, version] = (await readText(join(directory, 'of'))).trim().split(' ');
    if (version === undefined) return undefined;
    const volumes: string[] = [];
    for (const engine of ['system', 'user'])
      for (const volume of (await namesIn(join(directory, engine))).toSorted()) volumes.push(`${engine}/${volume}`);
    return { version, volumes, directory };
  }

  /** Forgets the copies of volumes: they are whole until they are out of sight. */
  async dropSnapshot(): Promise<void> {
    const path = join(this.#directory, 'snapshot');
    const old = `${path}.old`;
    if (await isPresent(path)) {
      await rm(old, { recursive: true, force: true });
      await rename(path, old);
      await syncPath(this.#directory);
    }
    await rm(old, { recursive: true, force: true });
  }

  /** Why what is at a path below the state directory cannot be copied without its room; undefined: it can, or it is not there. */
  async whyNotCopied(path: string): Promise<string | undefined> {
    const place = join(this.#state, path);
    if (!(await isPresent(place))) return undefined;
    const [there, here] = [await stat(place), await stat(this.#state)];
    if (there.dev !== here.dev) return 'it is on a file system of its own';
    const probe = join(this.#directory, 'probe');
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(probe, '.');
      await copyFile(probe, `${probe}.copy`, constants.COPYFILE_FICLONE_FORCE);
      return undefined;
    } catch (error) {
      // ioctl_ficlonerange(2): the file system does not support reflinks.
      const isIncapable = ['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EINVAL', 'ENOTTY'].includes(
        errnoOf(error) ?? '',
      );
      if (isIncapable) return 'its file system has no reflinks';
      throw error;
    } finally {
      await rm(probe, { force: true });
      await rm(`${probe}.copy`, { force: true });
    }
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
