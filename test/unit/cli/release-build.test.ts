import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { writeSmallRelease } from '../update/release-document.ts';
import { releaseBench } from './release-bench.ts';

const bench = releaseBench();

beforeEach(async () => {
  const description = { version: '1.0.0', devDependencies: { node: '24.0.0' } };
  await writeFile(join(bench.directory, 'package.json'), JSON.stringify(description));
  await writeSmallRelease(bench.directory, '0.9.0', 13);
  await mkdir(join(bench.directory, 'image', 'os'), { recursive: true });
  // So that a build ends as soon as it begins.
  await writeFile(join(bench.directory, 'image', 'os', 'packages.lock.json'), 'no lock');
  const manifest = { version: '1.0.0', architecture: 'amd64', kernel: { flavour: 'cloud' } };
  await writeFile(join(bench.directory, 'image', 'manifest.json'), JSON.stringify(manifest));
});

const build = async (options: string) =>
  bench.run(['release', 'build', ...options.split(' ')], {
    env: { BERTH_CACHE: join(bench.directory, 'not', 'yet') },
  });

test.each([
  ['--minimum-version banana', '--minimum-version banana: it is no version'],
  ['--minimum-version 2.0.0', '--minimum-version 2.0.0: no host could take 1.0.0, which is not newer'],
  ['--minimum-version 1.0.0', '--minimum-version 1.0.0: no host could take 1.0.0'],
  ['image --minimum-version 1.0.1', '--minimum-version 1.0.1: no host could take 1.0.0'],
  ['--sequence 0', '--sequence 0: sequences begin with 1'],
  ['--arch amd64 --previous r-0.9.0 --sequence 13', '--sequence 13: a release of --previous has 13 already'],
  ['image --previous r-0.9.0 --sequence 5', '--sequence 5: a release of --previous has 13 already'],
])('release build %s is refused before anything is built', async (options, why) => {
  const { code, stdout, stderr } = await build(options);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(`error: ${why}`)]);
  expect(stderr).toContain('[USAGE]');
});

test.each([
  '--minimum-version 0.9.0 --arch amd64 --previous r-0.9.0 --sequence 14',
  '--sequence 1',
])('release build %s begins, on a machine that built nothing before, too', async (options) => {
  const { code, stderr } = await build(options);
  expect([code, stderr]).toEqual([1, expect.stringContaining('is not valid JSON')]);
  expect((await stat(join(bench.directory, 'not', 'yet'))).isDirectory()).toBe(true);
});
