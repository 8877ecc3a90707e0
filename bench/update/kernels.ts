import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareTools } from '../../image/os/build.ts';
import { buildInitrd, moduleTiers } from '../../image/os/initrd.ts';
import { architectures, kernelCommandLine, osRelease } from '../../image/os/layout.ts';
import { type PackageSets, unpackPackages } from '../../image/os/package-store.ts';
import { isWantedFile } from '../../image/os/packages.ts';
import type { SlotImage } from '../../image/os/slot.ts';
import { buildUki } from '../../image/os/uki.ts';
import { mergePackages } from '../../image/package-tree.ts';
import { cachedDirectory } from '../../test/engine/support/cache.ts';
import { type Ingredients, kernelOf } from './ingredients.ts';

const architecture = 'amd64';

/**
 * Builds the kernel images of the four slots of `images.ts`, as a release has them, and keeps them in the cache.
 * @returns their paths, in the order of the slots.
 */
export async function kernelImages(
  slots: readonly SlotImage[],
  versions: readonly string[],
  recipe: string,
  ingredients: Ingredients,
): Promise<string[]> {
  const { older, newer } = ingredients;
  // Packages and kernel of base, config, patch and minor.
  const sets = [
    { root: older, kernel: older },
    { root: older, kernel: older },
    { root: newer, kernel: older },
    { root: newer, kernel: newer },
  ];
  const key = JSON.stringify([recipe, slots.map(({ rootHash }) => rootHash)]);
  const directory = await cachedDirectory('update-kernels', key, async (work) => {
    for (const [at, parts] of sets.entries()) {
      const slot = slots[at];
      if (slot === undefined) throw new Error('there are fewer slots');
      const uki = await kernelImage(slot, versions[at] ?? '', parts, ingredients, work);
      await writeFile(join(work, `${at}.efi`), uki);
    }
  });
  return slots.map((_, at) => join(directory, `${at}.efi`));
}

async function kernelImage(
  slot: SlotImage,
  version: string,
  { root, kernel: kernelSet }: { readonly root: PackageSets; readonly kernel: PackageSets },
  { options, newer }: Ingredients,
  work: string,
): Promise<Buffer> {
  const { cacheDirectory, projectDirectory, onProgress } = options;
  onProgress(`building the kernel image of ${version}`);
  const scratch = join(work, 'scratch');
  await mkdir(scratch);
  const tools = await prepareTools(newer, scratch, cacheDirectory);
  const kernel = await kernelOf(kernelSet, tools, options);
  const tree = join(scratch, 'root');
  const packages = root.get(`${architecture}/root`) ?? [];
  await mergePackages(await unpackPackages(packages, cacheDirectory), tree, isWantedFile);
  const modules = join(kernel.directory, 'usr/lib/modules', kernel.release);
  const plain = join(scratch, 'initrd.cpio');
  const initrd = await buildInitrd({
    root: tree,
    triplet: architectures[architecture].triplet,
    kernelRelease: kernel.release,
    dependencies: await readFile(join(modules, 'modules.dep'), 'utf8'),
    modules: moduleTiers('cloud'),
    readModule: (path) => readFile(join(modules, path)),
    init: await readFile(join(projectDirectory, 'image/os/initrd/init')),
  });
  await writeFile(plain, initrd);
  await tools.run('zstd', ['--quiet', '-19', '--no-progress', plain, '-o', `${plain}.zst`]);
  const { efi } = architectures[architecture];
  const uki = buildUki(await readFile(join(kernel.bootLoaderDirectory, `linux${efi}.efi.stub`)), {
    osRelease: osRelease({ version, architecture }),
    commandLine: kernelCommandLine(architecture, slot),
    kernelRelease: kernel.release,
    initrd: await readFile(`${plain}.zst`),
    kernel: kernel.image,
  });
  await rm(scratch, { recursive: true });
  return uki;
}
