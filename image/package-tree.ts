import { link, lstat, mkdir, open, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BerthError } from '../src/core/errors.ts';
import { runCommand } from './command.ts';

/** Debian's merged /usr: top-level names that are links into it. */
export const mergedLinks = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib', lib64: 'usr/lib64' } as const;

/** Unpacked packages laid over each other. */
export interface PackageTree {
  readonly directory: string;
  /** Absolute path inside the tree → the package it comes from. Files and symbolic links, no directories. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Lays unpacked packages (name → directory) over each other in `directory`, as hard links: the packages must not be changed afterwards. */
export async function mergePackages(packages: ReadonlyMap<string, string>, directory: string): Promise<PackageTree> {
  const origins = new Map<string, string>();
  for (const [name, target] of Object.entries(mergedLinks)) {
    await mkdir(join(directory, target), { recursive: true });
    await symlink(target, join(directory, name));
  }
  for (const [name, source] of packages) {
    for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const from = join(entry.parentPath, entry.name);
      const path = mergedPath(from.slice(source.length));
      await placeFile(from, join(directory, path));
      origins.set(path, name);
    }
  }
  return { directory, origins };
}

/** Puts a file or symbolic link at `to` as well, making the directories above it. The first one placed stays. */
export async function placeFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await (isLink(await lstat(from)) ? symlink(await readlink(from), to) : link(from, to)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

/**
 * The files of the tree that match `globs`, the shared libraries they are linked with, what links among them point to,
 * and the copyright notice of every package that gave something. Sorted.
 * Throws CONFIG_INVALID for a glob that matches nothing or a library that is in no package.
 */
export async function selectFiles(tree: PackageTree, globs: readonly string[]): Promise<string[]> {
  const selected = new Set<string>();
  const queue: string[] = [];
  for (const glob of globs) {
    const matches = [...tree.origins.keys()].filter((path) => posix.matchesGlob(path, glob));
    if (matches.length === 0) throw new BerthError('CONFIG_INVALID', `keep: nothing in the packages matches ${glob}`);
    queue.push(...matches);
  }
  const loader = findLoader(tree);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (selected.has(path)) continue;
    for (const step of await pathsOnTheWay(tree, path)) {
      if (selected.has(step)) continue;
      selected.add(step);
      if (loader !== undefined) queue.push(...(await linkedLibraries(tree, loader, step)));
    }
  }
  const owners = new Set([...selected].map((path) => tree.origins.get(path) ?? ''));
  for (const owner of owners) {
    const notice = `/usr/share/doc/${owner}/copyright`;
    for (const step of await pathsOnTheWay(tree, notice).catch(() => [])) selected.add(step);
  }
  return [...selected].sort();
}

/** A path, and every symbolic link followed to reach it, as the tree itself sees them. */
async function pathsOnTheWay(tree: PackageTree, path: string): Promise<string[]> {
  const visited: string[] = [];
  let rest = mergedPath(path).split('/').filter(Boolean);
  let current = '/';
  for (let hops = 0; rest.length > 0; ) {
    const [first = '', ...others] = rest;
    const next = posix.join(current, first);
    const status = await lstat(join(tree.directory, next)).catch((cause: unknown) => {
      throw new BerthError('CONFIG_INVALID', `${path} leads to ${next}, which is in no package`, { cause });
    });
    if (!isLink(status)) {
      current = next;
      rest = others;
      continue;
    }
    if (hops++ > 40) throw new BerthError('CONFIG_INVALID', `${path} is a circle of symbolic links`);
    visited.push(next);
    const target = await readlink(join(tree.directory, next));
    if (target.startsWith('/')) current = '/';
    rest = [...mergedPath(target).split('/').filter(Boolean), ...others];
  }
  return [...visited, current];
}

/** The dynamic loader's path as programs name it, by the tree's C library; undefined when there is none. */
function findLoader(tree: PackageTree): string | undefined {
  return [...tree.origins.keys()]
    .find((path) => /^\/usr\/lib(?:64)?\/ld-linux-[^/]+$/.test(path))
    ?.replace(/^\/usr/, '');
}

/** Asks the tree's own loader, run inside the tree, what a program or library needs. */
async function linkedLibraries(tree: PackageTree, loader: string, path: string): Promise<string[]> {
  if (!(await isElf(join(tree.directory, path)))) return [];
  // glibc's ld.so --verify: 0 a program, 2 a shared object, 1 not dynamically linked.
  const verify = await runCommand('chroot', [tree.directory, loader, '--verify', path], { accept: [0, 1, 2] });
  if (verify.exitCode === 1) return [];
  const { stdout } = await runCommand('chroot', [tree.directory, loader, '--list', path], { code: 'CONFIG_INVALID' });
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match) => mergedPath(match[1] ?? ''));
  return verify.exitCode === 0 ? [...libraries, mergedPath(loader)] : libraries;
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.equals(Buffer.from('\x7fELF', 'latin1'));
  } finally {
    await file.close();
  }
}

function mergedPath(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib64)(?=\/)/, '/usr/$1');
}

function isLink(status: { isSymbolicLink(): boolean }): boolean {
  return status.isSymbolicLink();
}
