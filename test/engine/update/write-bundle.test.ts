import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFeed, readRelease } from '../../../src/update/feed/channel.ts';
import { markRelease, publishRelease } from '../../../src/update/repository/channel-changes.ts';
import { createRepository } from '../../../src/update/repository/create.ts';
import type { Signing } from '../../../src/update/repository/publishing.ts';
import { changeKeys } from '../../../src/update/repository/rekey.ts';
import { writeReleaseDirectory } from '../../../src/update/repository/release-directory.ts';
import { type WrittenBundle, writeBundle } from '../../../src/update/repository/write-bundle.ts';
import { transferArtifacts } from '../../../src/update/transfer/artifacts.ts';
import { keptConnections } from '../../../src/update/transfer/http-agents.ts';
import { fetchKernel } from '../../../src/update/transfer/kernel.ts';
import { openArtifacts } from '../../../src/update/transfer/open-artifacts.ts';
import { writeSlot } from '../../../src/update/transfer/write-slot.ts';
import { MetadataStore } from '../../../src/update/tuf/metadata-store.ts';
import { openSource } from '../../../src/update/tuf/open-source.ts';
import { TufClient } from '../../../src/update/tuf/tuf-client.ts';
import { factsOf } from '../../unit/update/release-document.ts';
import { day, noon, signal, toAll, Workshop } from '../../unit/update/repository/workshop.ts';
import { imageOf, never, slotOf, stoppedClock } from '../../unit/update/transfer/support/slots.ts';

let workshop: Workshop;
let signing: Signing;
let file: string;

beforeEach(async () => {
  workshop = await Workshop.open();
  const keys = await workshop.keys();
  signing = await workshop.signing();
  file = join(workshop.directory, 'bundle.tar');
  await createRepository(workshop.repository, keys, { root: 2, channel: 1 }, signing);
  await publishRelease(workshop.repository, await workshop.release('1.0.0', 1), 'edge', toAll, signing);
  await publishRelease(workshop.repository, await release('1.1.0', 2), 'edge', toAll, signing);
});

afterEach(async () => workshop.close());

/** A release of some blocks. @returns its directory. */
async function release(version: string, sequence: number): Promise<string> {
  const directory = join(workshop.directory, `r-${version}`);
  await mkdir(directory);
  const { file: usr, dataBlocks, rootHash } = await slotOf(`${directory}.slot`, imageOf(sequence, 40));
  await writeFile(`${directory}.efi`, `kernel ${version}`);
  const parts = {
    usr: { file: usr, dataBlocks, rootHash },
    uki: { file: `${directory}.efi`, name: `berth_${version}.efi` },
    facts: factsOf(version, sequence),
  };
  await writeReleaseDirectory(directory, parts, 1, never);
  return directory;
}

async function bundle(version = '1.1.0', channel = 'edge', nowMs = noon): Promise<WrittenBundle> {
  return writeBundle({ repository: workshop.repository, version, channel, file, nowMs, signal });
}

/** A host that knows nothing but the repository's first root, and a bundle. */
async function host(now = noon): Promise<TufClient> {
  return new TufClient({
    metadata: openSource('bundle.tar', 'metadata', workshop.directory),
    targets: openSource('bundle.tar', 'targets', workshop.directory),
    store: new MetadataStore(join(workshop.directory, 'host')),
    shippedRoot: await readFile(join(workshop.repository, 'metadata', '1.root.json')),
    now: () => now,
    builtMs: 0,
  });
}

test('a host without a network gets to the release', async () => {
  await changeKeys(
    workshop.repository,
    'root',
    { add: [await workshop.key('root-4')], remove: [] },
    await workshop.signing(),
  );
  const { files, bytes, expires } = await bundle();
  expect(bytes).toBe((await stat(file)).size);
  expect(expires).toMatchObject({ role: 'timestamp' });
  expect(files.slice(0, 6)).toEqual([
    ...['metadata/1.root.json', 'metadata/2.root.json', 'metadata/timestamp.json'],
    expect.stringMatching(/^metadata\/\d+\.snapshot\.json$/),
    expect.stringMatching(/^metadata\/\d+\.targets\.json$/),
    expect.stringMatching(/^metadata\/\d+\.edge\.json$/),
  ]);
  expect(files.filter((name) => name.startsWith('targets/blobs/'))).toHaveLength(3);
  const client = await host();
  await client.refresh(signal);
  const feed = await readFeed(client, 'edge', signal);
  const [older, newer] = feed.releases;
  const manifest = await readRelease(client, 'edge', newer!, signal);
  const options = { agents: keptConnections({}), clock: stoppedClock, random: () => 0 };
  const source = openArtifacts('bundle.tar', workshop.directory, options);
  const target = join(workshop.directory, 'target');
  await writeFile(target, new Uint8Array(manifest.usr.bytes));
  await writeSlot({
    ...{ source, artifacts: transferArtifacts(manifest), release: manifest.usr, target, signal, clock: stoppedClock },
  });
  expect(await readFile(target)).toEqual(await readFile(join(workshop.directory, 'r-1.1.0.slot')));
  const { content } = await fetchKernel({ source, manifest, signal });
  expect(Buffer.from(content).toString()).toBe('kernel 1.1.0');
  await expect(readRelease(client, 'edge', older!, signal)).rejects.toMatchObject({ details: { refusal: 'missing' } });
  await expect(readFeed(client, 'stable', signal)).rejects.toMatchObject({ details: { refusal: 'missing' } });
});

test('any tar program can read it, and the same repository gives the same bytes', async () => {
  const { files } = await bundle();
  const before = await readFile(file);
  const { stdout } = await promisify(execFile)('tar', ['-tf', file]);
  expect(stdout.trim().split('\n')).toEqual(files);
  await bundle();
  expect((await readFile(file)).equals(before)).toBe(true);
});

test('a host refuses one that was changed, or is old', async () => {
  await bundle();
  const content = await readFile(file);
  const at = content.indexOf('"version": ', content.indexOf('metadata/timestamp.json'));
  await writeFile(
    file,
    Buffer.concat([content.subarray(0, at), Buffer.from('"version": 9'), content.subarray(at + 12)]),
  );
  await expect((await host()).refresh(signal)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  await writeFile(file, content);
  await expect((await host(noon + 30 * day)).refresh(signal)).rejects.toMatchObject({
    details: { refusal: 'expired' },
  });
});

describe('there is no bundle', () => {
  test.each([
    ['of a release that the channel does not have', '9.9.9', 'edge', noon, 'NOT_FOUND'],
    ['of a channel that is not there', '1.1.0', 'beta', noon, 'NOT_FOUND'],
    ['of metadata that has expired', '1.1.0', 'edge', noon + 400 * day, 'RELEASE_REFUSED'],
  ])('%s', async (_, version, channel, nowMs, code) => {
    await expect(bundle(version, channel, nowMs)).rejects.toMatchObject({ code });
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of what is no repository', async () => {
    const options = { version: '1.1.0', channel: 'edge', file, nowMs: noon, signal };
    await expect(writeBundle({ repository: workshop.directory, ...options })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('of a release that was stopped', async () => {
    await markRelease(workshop.repository, '1.1.0', 'edge', { kind: 'revoked', reason: 'bad' }, signing);
    await expect(bundle()).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });

  test('of a release with a damaged file', async () => {
    const blobs = join(workshop.repository, 'targets', 'blobs');
    const [name = ''] = (await readdir(blobs)).filter((one) => one.includes('1.1.0') && one.endsWith('.zst'));
    await writeFile(join(blobs, name), 'nothing');
    await expect(bundle()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('when it is cut short', async () => {
    const options = { repository: workshop.repository, version: '1.1.0', channel: 'edge', nowMs: noon };
    const nowhere = join(workshop.directory, 'none', 'bundle.tar');
    await expect(writeBundle({ ...options, file: nowhere, signal })).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(file);
    await expect(writeBundle({ ...options, file, signal })).rejects.toMatchObject({ code: 'EISDIR' });
    expect((await readdir(workshop.directory)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});
