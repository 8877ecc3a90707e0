import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { buildOs, fetchPackages, type ImageOptions } from '../../../image/os/build.ts';
import { type CachedOs, cachedOs } from '../../../image/os/cached-build.ts';
import type { BootableImage } from '../../../image/vm/presets.ts';

/** The checkout under test. */
export const projectDirectory = join(import.meta.dirname, '../../..');

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
  change: Partial<Pick<ImageOptions, 'architecture' | 'kernel'>> = {},
): Promise<CachedOs> {
  return cachedOs({ ...(await testImageOptions()), ...change });
}

/** The image under test with a config baked in, built into a directory: each such image is another, so none is kept. */
export async function bakeImage(bakedConfig: string, directory: string): Promise<BootableImage> {
  const options = { ...(await testImageOptions()), bakedConfig };
  return bootable(await buildOs(options, await fetchPackages(options), join(directory, 'os')));
}

function bootable({ disk, kernel, initrd, commandLine }: BootableImage): BootableImage {
  return { disk, kernel, initrd, commandLine };
}

/** What the images of a test run are made with. */
export async function testImageOptions(): Promise<ImageOptions> {
  const description = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8')) as {
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
