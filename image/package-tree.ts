import { link, lstat, mkdir, open, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { BerthError } from '../src/core/errors.ts';
import { type ElfFile, readElf } from './elf.ts';

/** Debian's merged /usr: top-level names that are links into it. */
export const mergedLinks = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib', lib64: 'usr/lib64' } as const;

/** Unpacked packages laid over each other. */
export interface PackageTree {
  readonly directory: string;
  /** Absolute path inside the tree → the package it comes from. Files and symbolic links, no directories. */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Lays unpacked packages (name → directory) over each other in `directory`, as hard links: the packages must not be changed
 * afterwards.
 * @param isWanted asked for each path inside the tree, with the package's name; default: all are wanted.
 */
export async function mergePackages(
  packages: ReadonlyMap<string, string>,
  directory: string,
  isWanted: (path: string, packageName: string) => boolean = () => true,
): Promise<PackageTree> {
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
      if (!isWanted(path, name)) continue;
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
  const directories = libraryDirectories(tree);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (selected.has(path)) continue;
    for (const step of await pathsOnTheWay(tree, path)) {
      if (selected.has(step)) continue;
      selected.add(step);
      queue.push(...(await linkedLibraries(tree, directories, step)));
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

/** The shared libraries that a program or library of the tree is linked with, and its dynamic loader, as paths of the tree. */
async function linkedLibraries(tree: PackageTree, directories: readonly string[], path: string): Promise<string[]> {
  const elf = await readElfFile(join(tree.directory, path));
  if (elf === undefined) return [];
  const libraries = elf.needed.map((name) => {
    const found = directories.find((directory) => tree.origins.has(`${directory}/${name}`));
    if (found === undefined) throw new BerthError('CONFIG_INVALID', `${path} needs ${name}, which is in no package`);
    return `${found}/${name}`;
  });
  return elf.interpreter === undefined ? libraries : [...libraries, mergedPath(elf.interpreter)];
}

/** Where the dynamic loader looks: ld.so(8), with Debian's directory of the architecture. */
function libraryDirectories(tree: PackageTree): string[] {
  const directories = new Set([...tree.origins.keys()].map((path) => posix.dirname(path)));
  return [...directories].filter((directory) => /^\/usr\/lib(?:64|\/[^/]+-linux-gnu)?$/.test(directory)).sort();
}

async function readElfFile(path: string): Promise<ElfFile | undefined> {
  const file = await open(path);
  try {
    const magic = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (magic.bytesRead < 4 || magic.buffer.toString('latin1') !== '\x7fELF') return undefined;
    return readElf(await file.readFile());
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
