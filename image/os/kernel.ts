import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BerthError } from '../../src/core/errors.ts';
import type { PackageFile } from '../apt.ts';
import { mergePackages, placeFile } from '../package-tree.ts';
import { setDigest } from './package-store.ts';
import { isWantedFile } from './packages.ts';
import type { Tools } from './tools.ts';

/** A kernel that was unpacked and whose modules have their index. */
export interface KernelTree {
  /** Holds `usr/lib/modules/RELEASE`. */
  readonly directory: string;
  /** `uname -r`. */
  readonly release: string;
  readonly image: Buffer;
  /** systemd's programs: `usr/lib/systemd/boot/efi`. */
  readonly bootLoaderDirectory: string;
}

/** Raise it when the tree is made differently. */
const treeVersion = 3;

/**
 * Prepares a kernel from its packages; kept in the cache. Its modules are taken out of their compression: the slot has one of
 * its own, two xz streams of nearly the same module have nothing in common that a delta could keep, and xz is slow at boot.
 */
export async function prepareKernel(
  packages: readonly PackageFile[],
  unpacked: ReadonlyMap<string, string>,
  { tools, cacheDirectory }: { readonly tools: Tools; readonly cacheDirectory: string },
): Promise<KernelTree> {
  const store = join(cacheDirectory, 'kernels');
  await mkdir(store, { recursive: true });
  const directory = join(store, `${treeVersion}-${setDigest(packages).slice(0, 24)}`);
  const imagePackage = packages.find(({ name }) => /^linux-image-\d/.test(name));
  const source = imagePackage === undefined ? undefined : unpacked.get(imagePackage.name);
  const release = imagePackage?.name.replace('linux-image-', '');
  if (source === undefined || release === undefined) {
    throw new BerthError('CONFIG_INVALID', 'no kernel is among the packages');
  }
  if ((await stat(directory).catch(() => undefined)) === undefined) {
    const work = await mkdtemp(join(store, '.new-'));
    const own = new Map(packages.map(({ name }) => [name, unpacked.get(name) ?? '']));
    await mergePackages(own, join(work, 'tree'), isWantedFile);
    await indexModules(join(work, 'tree'), release, tools);
    await rename(join(work, 'tree'), directory);
    await rm(work, { recursive: true });
  }
  const image = await readFile(join(source, 'boot', `vmlinuz-${release}`));
  return {
    directory,
    release,
    // Debian's arm64 kernel is a gzipped one; the boot stub wants the program itself.
    image: image.readUInt16BE(0) === 0x1f8b ? gunzipSync(image) : image,
    bootLoaderDirectory: join(directory, 'usr/lib/systemd/boot/efi'),
  };
}

/** Puts the kernel's modules into the image's /usr. */
export async function placeModules(kernel: KernelTree, usr: string): Promise<void> {
  const source = join(kernel.directory, 'usr/lib/modules');
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const from = join(entry.parentPath, entry.name);
    await placeFile(from, join(usr, 'lib/modules', from.slice(source.length)));
  }
}

async function indexModules(tree: string, release: string, tools: Tools): Promise<void> {
  const modules = join(tree, 'usr/lib/modules', release);
  const names = await readdir(modules, { recursive: true });
  const compressed = names.filter((name) => name.endsWith('.ko.xz')).map((name) => join(modules, name));
  // Without -k the compressed file goes; it is a hard link, the unpacked package keeps its own.
  if (compressed.length > 0) await tools.run('xz', ['--decompress', '--force', ...compressed]);
  await tools.run('depmod', ['-b', tree, release]);
}
