import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import type { ImageOptions } from '../../../image/os/build.ts';
import { cachedOs } from '../../../image/os/cached-build.ts';
import type { BootableImage } from '../../../image/vm/presets.ts';

/** The checkout under test. */
export const projectDirectory = join(import.meta.dirname, '../../..');

/** The timer of an emulated machine may be late on a loaded one: a kernel that looks for it would not start. */
export const emulationArguments = 'no_timer_check';

/** The image under test, as the set-up left it in the environment. */
export function testImage(): BootableImage {
  const facts = process.env['BERTH_TEST_IMAGE'];
  if (facts === undefined) throw new Error('the set-up of the vm tests did not run: npm run test:vm');
  return JSON.parse(facts) as BootableImage;
}

/** What the image under test is built from. */
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

/** Builds the image of this checkout unless the cache has it, for every test of the run. Says what it does on stderr. */
export async function prepareTestImage(): Promise<void> {
  // The launcher bundles the program when its sources are newer.
  await runCommand(join(projectDirectory, 'berth'), ['--version']);
  const { disk, kernel, initrd, commandLine } = await cachedOs(testImageOptions());
  const image: BootableImage = { disk, kernel, initrd, commandLine };
  process.env['BERTH_TEST_IMAGE'] = JSON.stringify(image);
}
