import {
  chmod,
  chown,
  copyFile,
  lchown,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BerthError } from '../core/errors.ts';
import { errnoOf } from '../core/file-failure.ts';
import type { FileState, HostFiles, OwnerNumbers, Ownership } from './ports.ts';

/** As many links on the way to a file as the kernel follows. */
const maxLinks = 40;
/** Larger files are not looked into: nothing that Berth writes is as large. */
const maxContentBytes = 64 * 2 ** 20;
const chunkBytes = 2 ** 20;

export interface RootedFilesOptions {
  /** Where the image's own /etc is, as a path on this machine. */
  readonly defaults?: string;
}

/**
 * The files below a directory, as a process sees them whose root it is: absolute links and `..` stay inside.
 * That holds for what is there when a path is looked up; nobody else may change the tree meanwhile.
 */
export class RootedFiles implements HostFiles {
  readonly #root: string;
  readonly #defaults: string | undefined;

  constructor(root = '/', options: RootedFilesOptions = {}) {
    this.#root = root;
    this.#defaults = options.defaults;
  }

  get hasDefaults(): boolean {
    return this.#defaults !== undefined;
  }

  async state(path: string): Promise<FileState> {
    const real = await this.#resolve(path);
    const status = await missingAsUndefined(stat(real));
    if (status === undefined) return { kind: 'missing' };
    const ownership = { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid };
    if (status.isDirectory()) return { kind: 'directory', ...ownership, isEmpty: (await readdir(real)).length === 0 };
    if (!status.isFile() || status.size > maxContentBytes) return { kind: 'other' };
    return { kind: 'file', contentBase64: await readFile(real, 'base64'), ...ownership };
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return await missingAsUndefined(readFile(await this.#resolve(path)));
  }

  async readDefault(path: string): Promise<Uint8Array | undefined> {
    if (this.#defaults === undefined || !path.startsWith('/etc/')) return undefined;
    // The image's own tree: what it links to is in the image, or not a default at all.
    const file = new RootedFiles(this.#defaults);
    return await missingAsUndefined(readFile(await file.#resolve(path.slice('/etc'.length))));
  }

  async linkTarget(path: string): Promise<string | undefined> {
    const real = await this.#resolve(path, 'keep-last');
    const status = await missingAsUndefined(lstat(real));
    return status?.isSymbolicLink() === true ? await readlink(real) : undefined;
  }

  async write(path: string, content: Uint8Array, ownership: Ownership, parents?: OwnerNumbers): Promise<void> {
    const real = await this.#resolve(path);
    await this.#makeParents(real, parents);
    await replaceFile(real, ownership, (file) => file.writeFile(content));
  }

  async remove(path: string): Promise<void> {
    await rm(await this.#resolve(path, 'keep-last'), { force: true });
  }

  async makeLink(path: string, target: string): Promise<void> {
    const real = await this.#resolve(path, 'keep-last');
    await this.#makeParents(real);
    const present = await missingAsUndefined(lstat(real));
    if (present?.isDirectory() === true) await rmdir(real);
    const temporary = temporaryName(real);
    await rm(temporary, { force: true });
    await symlink(target, temporary);
    await rename(temporary, real);
  }

  async identity(path: string): Promise<string | undefined> {
    const status = await missingAsUndefined(lstat(await this.#resolve(path, 'keep-last')));
    return status === undefined ? undefined : `${status.dev}:${status.ino}`;
  }

  async makeHardLink(path: string, target: string): Promise<void> {
    const [real, file] = [await this.#resolve(path, 'keep-last'), await this.#resolve(target, 'keep-last')];
    await this.#makeParents(real);
    const temporary = temporaryName(real);
    await rm(temporary, { force: true });
    await link(file, temporary);
    await rename(temporary, real);
    // Where both are the same file already, rename(2) leaves both names.
    await rm(temporary, { force: true });
  }

  async ownLink(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
    await lchown(await this.#resolve(path, 'keep-last'), uid, gid);
  }

  async removeTree(path: string): Promise<void> {
    await rm(await this.#resolve(path, 'keep-last'), { recursive: true, force: true });
  }

  async makeDirectory(path: string, { mode, uid, gid }: Ownership): Promise<void> {
    const real = await this.#resolve(path);
    await this.#makeParents(real);
    await mkdir(real, { mode }).catch(ignore('EEXIST'));
    await chown(real, uid, gid);
    await chmod(real, mode);
  }

  async copyDirectory(from: string, to: string, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
    await copyTree(await this.#resolve(from), await this.#resolve(to), owner);
  }

  async allocate(path: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
    const real = await this.#resolve(path);
    await this.#makeParents(real);
    const zeros = new Uint8Array(chunkBytes);
    await replaceFile(real, { mode: 0o600, uid: 0, gid: 0 }, async (file) => {
      for (let left = sizeBytes; left > 0; left -= chunkBytes) {
        signal.throwIfAborted();
        await file.write(zeros, 0, Math.min(left, chunkBytes));
      }
    });
  }

  async exists(path: string): Promise<boolean> {
    return (await missingAsUndefined(stat(await this.#resolve(path)))) !== undefined;
  }

  async #makeParents(real: string, owner?: OwnerNumbers): Promise<void> {
    const parent = dirname(real);
    const first = await mkdir(parent, { recursive: true, mode: 0o755 });
    if (first === undefined || owner === undefined) return;
    for (let made = parent; made.length >= first.length; made = dirname(made)) await chown(made, owner.uid, owner.gid);
  }

  /** The path on this machine; links on the way are followed as if the root were `/`. Throws HOST_REFUSED for a circle. */
  async #resolve(path: string, last: 'follow-last' | 'keep-last' = 'follow-last'): Promise<string> {
    const rest = partsOf(path);
    const done: string[] = [];
    let links = 0;
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === '..') {
        done.pop();
        continue;
      }
      const real = join(this.#root, ...done, part);
      const isKept = rest.length === 0 && last === 'keep-last';
      const status = isKept ? undefined : await missingAsUndefined(lstat(real));
      if (status?.isSymbolicLink() !== true) {
        done.push(part);
        continue;
      }
      links += 1;
      if (links > maxLinks) throw new BerthError('HOST_REFUSED', `${path} leads through too many links`);
      const target = await readlink(real);
      if (target.startsWith('/')) done.length = 0;
      rest.unshift(...partsOf(target));
    }
    return join(this.#root, ...done);
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

type OpenFile = Awaited<ReturnType<typeof open>>;

/** A crash at any moment leaves the old file or the new one. */
async function replaceFile(
  real: string,
  { mode, uid, gid }: Ownership,
  fill: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(real);
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await fill(file);
    // In this order: a change of owner takes the set-user-id bit away.
    await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
    await file.close();
    await rename(temporary, real);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw diskFull(error, real);
  }
}

function diskFull(error: unknown, path: string): unknown {
  if (errnoOf(error) !== 'ENOSPC') return error;
  return new BerthError('DISK_FULL', `there is no space for ${path}`, { cause: error, retryable: true });
}

function temporaryName(real: string): string {
  return `${real}.berth-new`;
}

async function copyTree(
  from: string,
  to: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const entries = await missingAsUndefined(readdir(from, { withFileTypes: true }));
  for (const entry of entries ?? []) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(target, { mode: (await stat(source)).mode & 0o777 }).catch(ignore('EEXIST'));
      await chown(target, owner.uid, owner.gid);
      await copyTree(source, target, owner);
    } else if ((await missingAsUndefined(lstat(target))) === undefined) {
      await (entry.isSymbolicLink() ? symlink(await readlink(source), target) : copyFile(source, target));
      await lchown(target, owner.uid, owner.gid);
    }
  }
}

async function missingAsUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  return await result.catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
}

function ignore(code: string): (error: unknown) => void {
  return (error) => {
    if (errnoOf(error) !== code) throw error;
  };
}
