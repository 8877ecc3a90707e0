import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ReleaseManifest } from '../../../../src/update/release-manifest.ts';
import { publishRelease } from '../../../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../../../src/update/repository/create.ts';
import { nextSequence, openPrevious } from '../../../../src/update/repository/previous-release.ts';
import {
  type ReleaseParts,
  trustsRepository,
  writeReleaseDirectory,
} from '../../../../src/update/repository/release-directory.ts';
import { transferArtifacts } from '../../../../src/update/transfer/artifacts.ts';
import { DirectorySource } from '../../../../src/update/transfer/directory-source.ts';
import { fetchKernel } from '../../../../src/update/transfer/kernel.ts';
import { writeSlot } from '../../../../src/update/transfer/write-slot.ts';
import { factsOf } from '../release-document.ts';
import { changed, imageOf, never, noise, slotOf, stoppedClock } from '../transfer/support/slots.ts';
import { toAll, Workshop } from './workshop.ts';

const machine = { architecture: 'amd64', kernel: 'cloud' } as const;
const images = new Map([['1.0.0', imageOf(5, 90)]]);
images.set('1.1.0', changed(imageOf(5, 90), 6, 2));
images.set('1.2.0', changed(imageOf(5, 90), 7, 4));

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.open();
});

afterEach(async () => workshop.close());

const slotFile = (version: string): string => join(workshop.directory, `${version}.slot`);
const kernelFile = (version: string): string => join(workshop.directory, `${version}.efi`);

/** Makes a release with deltas from others. */
async function build(
  version: string,
  previous: readonly string[] = [],
  trust: Pick<ReleaseParts, 'trustedRoot'> = {},
): Promise<ReleaseManifest> {
  const { file, dataBlocks, rootHash } = await slotOf(slotFile(version), images.get(version) ?? new Uint8Array());
  await writeFile(kernelFile(version), Buffer.concat([noise(1, 20), Buffer.from(`release ${version}`), noise(2, 20)]));
  const sequence = Number(version.split('.')[1]) + 1;
  const parts = {
    usr: { file, dataBlocks, rootHash },
    uki: { file: kernelFile(version), name: `berth_${version}.efi` },
    facts: factsOf(version, sequence),
    previous: await openPrevious(previous, machine),
    ...trust,
  };
  return writeReleaseDirectory(directoryOf(version), parts, 1, never);
}

const directoryOf = (version: string): string => join(workshop.directory, `r-${version}`);

test('the sequence of a release is the minute in which it is made, and higher than those of releases before it', async () => {
  const minute = 60_000;
  expect(nextSequence([], 7 * minute + 59_999)).toBe(7);
  await build('1.1.0');
  const previous = await openPrevious([directoryOf('1.1.0')], machine);
  expect([1, 2, 3].map((minutes) => nextSequence(previous, minutes * minute))).toEqual([3, 3, 3]);
  expect(nextSequence(previous, 4 * minute)).toBe(4);
});

test('a release directory says whom its hosts trust, and not what another release in its place did', async () => {
  const metadata = join(workshop.directory, 'www', 'metadata');
  await mkdir(metadata, { recursive: true });
  await writeFile(join(metadata, '2.root.json'), 'root');
  const isTrusting = async (): Promise<boolean | undefined> =>
    trustsRepository(directoryOf('1.0.0'), join(workshop.directory, 'www'));
  await build('1.0.0', [], { trustedRoot: 'root' });
  expect(await isTrusting()).toBe(true);
  await build('1.0.0', [], { trustedRoot: 'another' });
  expect(await isTrusting()).toBe(false);
  await build('1.0.0');
  expect(await isTrusting()).toBeUndefined();
});

test('hosts with one of the previous releases fetch only what differs', async () => {
  await build('1.0.0');
  await build('1.1.0', [directoryOf('1.0.0')]);
  const manifest = await build('1.2.0', [directoryOf('1.0.0'), directoryOf('1.1.0'), directoryOf('1.0.0')]);
  expect(manifest.artifacts.map(({ kind }) => kind)).toEqual([
    ...['full', 'index', 'delta', 'delta', 'kernel-delta', 'kernel-delta'],
  ]);
  expect((await readdir(directoryOf('1.2.0'))).toSorted()).toEqual(
    ['release.json', 'berth_1.2.0.efi', ...manifest.artifacts.map(({ name }) => name)].toSorted(),
  );
  const blobs = join(workshop.directory, 'blobs');
  await mkdir(blobs);
  for (const { name, sha256 } of [manifest.uki, ...manifest.artifacts])
    await rename(join(directoryOf('1.2.0'), name), join(blobs, `${sha256}.${name}`));
  for (const version of ['1.0.0', '1.1.0']) {
    const seed = await slotOf(slotFile(version), images.get(version) ?? new Uint8Array());
    const target = join(workshop.directory, 'target');
    await writeFile(target, new Uint8Array(manifest.usr.bytes));
    const written = await writeSlot({
      ...{ source: new DirectorySource(workshop.directory), artifacts: transferArtifacts(manifest) },
      ...{ release: manifest.usr, target, seed: { ...seed, device: seed.file }, signal: never, clock: stoppedClock },
    });
    const delta = manifest.artifacts.find((one) => one.kind === 'delta' && one.fromRootHash === seed.rootHash);
    expect(written).toEqual({ bytesFetched: delta?.bytes, detours: [] });
    const source = new DirectorySource(workshop.directory);
    const kernel = await fetchKernel({ source, manifest, running: kernelFile(version), signal: never });
    expect(kernel.bytesFetched).toBeLessThan(1000);
    expect(kernel.content).toEqual(new Uint8Array(await readFile(kernelFile('1.2.0'))));
  }
});

test('a published release will do', async () => {
  await build('1.0.0');
  await build('1.1.0');
  const keys = await workshop.keys();
  const signing = await workshop.signing();
  await createRepository(workshop.repository, keys, { root: 2, channel: 1 }, signing);
  for (const version of ['1.0.0', '1.1.0'])
    await publishRelease(workshop.repository, directoryOf(version), 'edge', toAll, signing);
  const fromRepository = await build('1.2.0', [`${workshop.repository}:1.1.0`]);
  expect(await build('1.2.0', [directoryOf('1.1.0')])).toEqual(fromRepository);
  expect(fromRepository.artifacts.map(({ kind }) => kind)).toContain('delta');
  await expect(openPrevious([`${workshop.repository}:9.9.9`], machine)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(
    openPrevious([`${workshop.repository}:1.0.0`], { ...machine, architecture: 'arm64' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

describe('a previous release is refused', () => {
  beforeEach(async () => {
    await build('1.0.0');
  });

  test.each([{ architecture: 'arm64' as const }, { kernel: 'generic' }])('that is not for %j', async (other) => {
    await expect(openPrevious([directoryOf('1.0.0')], { ...machine, ...other })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('is for amd64 cloud, not for'),
    });
  });

  test('that is not there', async () => {
    for (const place of ['none', 'none:1.0.0'])
      await expect(openPrevious([join(workshop.directory, place)], machine)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
  });

  test('of which a file was changed', async () => {
    const full = join(directoryOf('1.0.0'), 'berth-1.0.0-amd64-cloud.usr.zst');
    await writeFile(full, (await readFile(full)).subarray(1));
    await expect(openPrevious([directoryOf('1.0.0')], machine)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('that says another root hash than its content has, and nothing of it stays', async () => {
    const [previous] = await openPrevious([directoryOf('1.0.0')], machine);
    const wrong = { ...previous!, slot: { ...previous!.slot, rootHash: 'a'.repeat(64) } };
    const { file, dataBlocks, rootHash } = await slotOf(slotFile('1.1.0'), images.get('1.1.0')!);
    const out = await mkdtemp(join(tmpdir(), 'berth-out-'));
    const parts = {
      usr: { file, dataBlocks, rootHash },
      uki: { file: kernelFile('1.0.0'), name: 'berth_1.1.0.efi' },
      facts: factsOf('1.1.0', 2),
      previous: [wrong],
    };
    await expect(writeReleaseDirectory(out, parts, 1, never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('root hash'),
    });
    await expect(stat(join(out, '.previous'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(join(out, 'release.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    await rm(out, { recursive: true });
  });
});
