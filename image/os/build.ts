import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BakedTrust } from '../../src/update/baked-trust.ts';
import { machineArchitecture } from '../image-archive.ts';
import { mergePackages } from '../package-tree.ts';
import { containerRequests } from './container-trees.ts';
import { buildDisk } from './disk.ts';
import { buildInitrd, moduleTiers } from './initrd.ts';
import { prepareKernel } from './kernel.ts';
import { type Architecture, architectures, kernelCommandLine, osRelease } from './layout.ts';
import { fetchNode, nodeSpecification } from './node-runtime.ts';
import {
  fetchSets,
  type LockUse,
  type PackageSets,
  readLock,
  unpackPackages,
  type WantedSet,
} from './package-store.ts';
import { type KernelFlavour, kernelPackages, rootPackages, toolPackages } from './packages.ts';
import type { Progress } from './progress.ts';
import { buildSlot, type SlotImage } from './slot.ts';
import { openTools, type Tools } from './tools.ts';
import { buildUki } from './uki.ts';
import { buildUsrTree } from './usr-tree.ts';

export interface ImageOptions {
  readonly version: string;
  /** Version of Node that npm has. */
  readonly nodeVersion: string;
  readonly architecture: Architecture;
  readonly kernel: KernelFlavour;
  /** For development: quicker to make, bigger. */
  readonly fast: boolean;
  readonly lockUse: LockUse;
  readonly projectDirectory: string;
  readonly cacheDirectory: string;
  readonly onProgress: Progress;
  readonly epochSeconds?: number;
  /** User-data that a host of this image takes when nothing else gives it a config. Part of what is verified, so no secret. */
  readonly bakedConfig?: string;
  /** The release repository that hosts of this image trust. */
  readonly bakedTrust?: BakedTrust;
}

/** The parts of a release, as files in one directory. */
export interface BuiltOs {
  readonly directory: string;
  /** The disk, raw and sparse. */
  readonly disk: string;
  readonly uki: string;
  /** systemd-boot. */
  readonly bootLoader: string;
  /** Kernel and initrd by themselves, for a boot without firmware. */
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly kernelRelease: string;
  readonly slot: SlotImage;
  readonly epochSeconds: number;
}

/** File of the package lock, below the project directory. */
export const lockFile = 'image/os/packages.lock.json';

/** All the packages that an image is made from. */
export async function wantedSets(
  options: Pick<ImageOptions, 'architecture' | 'kernel' | 'projectDirectory'>,
): Promise<WantedSet[]> {
  const { architecture, kernel, projectDirectory } = options;
  const own = await machineArchitecture();
  const foreign = own === architecture ? {} : { architecture };
  const containers = await containerRequests(join(projectDirectory, 'system-containers'));
  return [
    { name: `tools/${own}`, request: toolPackages },
    { name: `${architecture}/root`, request: rootPackages, ...foreign },
    { name: `${architecture}/kernel-${kernel}`, request: kernelPackages(architecture, kernel), ...foreign },
    ...[...containers].map(([name, request]) => ({ name: `${architecture}/container-${name}`, request, ...foreign })),
  ];
}

/** Fetches what an image is made from, as the package lock has it. Throws IMAGE_PULL_FAILED (retryable), UNSUPPORTED. */
export async function fetchPackages(options: ImageOptions): Promise<PackageSets> {
  await mkdir(options.cacheDirectory, { recursive: true });
  const lock = await readLock(join(options.projectDirectory, lockFile));
  return fetchSets(await wantedSets(options), lock, options.lockUse, options);
}

/**
 * Builds a release into `directory` (which is replaced). The same packages, sources and options give the same bytes.
 * Throws CONFIG_INVALID, IMAGE_PULL_FAILED (retryable), UNSUPPORTED.
 */
export async function buildOs(options: ImageOptions, packages: PackageSets, directory: string): Promise<BuiltOs> {
  const { architecture, projectDirectory, cacheDirectory, onProgress, version } = options;
  const lock = await readLock(join(projectDirectory, lockFile));
  const set = (name: string) => packages.get(name) ?? [];
  const work = await mkdtemp(join(cacheDirectory, '.os-'));
  try {
    onProgress('unpacking packages');
    const tools = await prepareTools(packages, work, cacheDirectory);
    const kernelSet = set(`${architecture}/kernel-${options.kernel}`);
    const tiers = moduleTiers(options.kernel);
    const kernel = await prepareKernel(kernelSet, await unpackPackages(kernelSet, cacheDirectory), {
      tools,
      cacheDirectory,
    });
    const node = await fetchNode(nodeSpecification(architecture, options.nodeVersion), lock, options);
    onProgress('putting /usr together');
    const containerPrefix = `${architecture}/container-`;
    const tree = await buildUsrTree(
      {
        ...options,
        release: { version, architecture },
        rootPackages: set(`${architecture}/root`),
        containerPackages: new Map(
          [...packages].flatMap(([name, files]) =>
            name.startsWith(containerPrefix) ? [[name.slice(containerPrefix.length), files]] : [],
          ),
        ),
        kernel,
        node,
        tools,
      },
      join(work, 'tree'),
    );
    onProgress(options.fast ? 'packing /usr (lz4)' : 'packing /usr (lz4hc)');
    const out = join(work, 'out');
    await mkdir(out);
    const { epochSeconds } = tree;
    const slot = await buildSlot({ ...tree, file: join(out, 'usr.img'), fast: options.fast, tools });
    onProgress('making the kernel image and the disk');
    const modulesDirectory = join(kernel.directory, 'usr/lib/modules', kernel.release);
    const plainInitrd = join(work, 'initrd.cpio');
    const initrd = await buildInitrd({
      root: tree.root,
      triplet: architectures[architecture].triplet,
      kernelRelease: kernel.release,
      dependencies: await readFile(join(modulesDirectory, 'modules.dep'), 'utf8'),
      modules: tiers,
      readModule: (path) => readFile(join(modulesDirectory, path)),
      init: await readFile(join(projectDirectory, 'image/os/initrd/init')),
    });
    await writeFile(plainInitrd, initrd);
    const level = options.fast ? '-3' : '-19';
    await tools.run('zstd', ['--quiet', level, '--no-progress', plainInitrd, '-o', join(out, 'initrd')]);
    const commandLine = kernelCommandLine(architecture, slot);
    await writeFile(join(out, 'vmlinuz'), kernel.image);
    await writeFile(join(out, 'cmdline'), commandLine);
    const { efi } = architectures[architecture];
    const uki = buildUki(await readFile(join(kernel.bootLoaderDirectory, `linux${efi}.efi.stub`)), {
      osRelease: osRelease({ version, architecture }),
      commandLine,
      kernelRelease: kernel.release,
      initrd: await readFile(join(out, 'initrd')),
      kernel: kernel.image,
    });
    await writeFile(join(out, 'berth.efi'), uki);
    const bootLoader = join(out, 'systemd-boot.efi');
    await copyFile(join(kernel.bootLoaderDirectory, `systemd-boot${efi}.efi`), bootLoader);
    await buildDisk(
      { architecture, version, epochSeconds, slot, uki: join(out, 'berth.efi'), bootLoader },
      join(out, 'disk.raw'),
      work,
      tools,
    );
    await rm(directory, { recursive: true, force: true });
    await rename(out, directory);
    return {
      directory,
      disk: join(directory, 'disk.raw'),
      uki: join(directory, 'berth.efi'),
      bootLoader: join(directory, 'systemd-boot.efi'),
      kernel: join(directory, 'vmlinuz'),
      initrd: join(directory, 'initrd'),
      commandLine,
      kernelRelease: kernel.release,
      slot: { ...slot, file: join(directory, 'usr.img') },
      epochSeconds,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The build's own programs, laid out below `work`. */
export async function prepareTools(packages: PackageSets, work: string, cacheDirectory: string): Promise<Tools> {
  const files = packages.get(`tools/${await machineArchitecture()}`) ?? [];
  const tree = join(work, 'tools');
  await mergePackages(await unpackPackages(files, cacheDirectory), tree);
  return openTools(tree);
}
