import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { buildOs, fetchPackages, type ImageOptions } from '../../../image/os/build.ts';
import { type CachedOs, cachedOs } from '../../../image/os/cached-build.ts';
import type { BootableImage } from '../../../image/vm/presets.ts';

/** The checkout under test. */
export const projectDirectory = join(import.meta.dirname, '../../..');

/**
 * For a kernel in an emulated machine on a loaded one. Its timer may be late: a kernel that looks for it would not start. And
 * QEMU's translator (before 8.1) may run an instruction after the kernel has patched it in the code that is running ("Oops:
 * int3"), as happens where the first container switches the accounting of the kernel's own memory on.
 */
export const emulationArguments = 'no_timer_check cgroup.memory=nokmem';

/** The image under test, as the set-up left it in the environment. */
export function testImage(): BootableImage {
  const facts = process.env['BERTH_TEST_IMAGE'];
  if (facts === undefined) throw new Error('the set-up of the vm tests did not run: npm run test:vm');
  return JSON.parse(facts) as BootableImage;
}

/** Builds the image of this checkout unless the cache has it, for every test of the run. Says what it does on stderr. */
export async function prepareTestImage(): Promise<void> {
  // The launcher bundles the program when its sources are newer.
  await runCommand(join(projectDirectory, 'berth'), ['--version']);
  process.env['BERTH_TEST_IMAGE'] = JSON.stringify(bootable(await builtImage()));
}

/** The image under test with all its parts, or that of another architecture or kernel, which may have to be built. */
export async function builtImage(
  change: Partial<Pick<ImageOptions, 'architecture' | 'kernel' | 'fast'>> = {},
): Promise<CachedOs> {
  return cachedOs({ ...testImageOptions(), ...change });
}

/** The image under test with a config baked in, built into a directory: each such image is another, so none is kept. */
export async function bakeImage(bakedConfig: string, directory: string): Promise<BootableImage> {
  const options = { ...testImageOptions(), bakedConfig };
  return bootable(await buildOs(options, await fetchPackages(options), join(directory, 'os')));
}

function bootable({ disk, kernel, initrd, commandLine }: BootableImage): BootableImage {
  return { disk, kernel, initrd, commandLine };
}

/** What the images of a test run are made with. */
export function testImageOptions(): ImageOptions {
  const description = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
    version: string;
    devDependencies: Readonly<Record<string, string>>;
  };
  return {
    version: description.version,
    nodeVersion: description.devDependencies['node'] ?? '',
    architecture: 'amd64',
    kernel: 'cloud',
    fast: true,
    lockUse: 'prefer',
    projectDirectory,
    cacheDirectory:
      process.env['BERTH_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'berth'),
    onProgress: (line) => void process.stderr.write(`image: ${line}\n`),
  };
}
