import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ImageArchives } from '../../../src/agent/image-archives.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { buildImage, imageArchive } from '../support/test-image.ts';

let directory: string;
let folder: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-archives-'));
  folder = join(directory, 'images');
  await mkdir(folder);
});

afterEach(async () => rm(directory, { recursive: true }));

function archives(...places: readonly string[]): ImageArchives {
  const config = { ...emptyHostConfig, imageArchives: places };
  return new ImageArchives([join(directory, 'images.json')], () => config);
}

const archiveOf = async (name: string): Promise<Buffer> => imageArchive(await buildImage(), name);

/** What the archive that holds an image consists of. */
async function found(source: ImageArchives, reference: string): Promise<Buffer | readonly string[]> {
  const archive = await source.archiveOf(reference);
  return archive.kind === 'found' ? buffer(archive.open()) : archive.problems;
}

test('an image is found in a file and in the files of a directory, also compressed, whatever else is there', async () => {
  const [web, db, own] = [
    await archiveOf('shop/web:1'),
    await archiveOf('docker.io/library/db:2'),
    await archiveOf('own'),
  ];
  await writeFile(join(folder, 'b.tar'), web);
  await writeFile(join(folder, 'c.tgz'), gzipSync(db));
  await writeFile(join(folder, 'README'), 'shop/web:1');
  await mkdir(join(folder, 'a.tar'));
  await writeFile(join(directory, 'own'), own);
  const source = archives(folder, join(directory, 'own'));
  expect(await found(source, 'shop/web:1')).toEqual(web);
  expect(await found(source, 'db:2')).toEqual(gzipSync(db));
  expect(await found(source, 'own:latest')).toEqual(own);
  expect(await found(source, 'shop/web:2')).toEqual([expect.stringMatching(/images\/a\.tar cannot be read: /)]);
});

test('what cannot be read is told, once nothing else has the image', async () => {
  await writeFile(join(folder, 'torn.tar'), (await archiveOf('web:1')).subarray(0, 700));
  await writeFile(join(folder, 'whole.tar'), await archiveOf('web:2'));
  const source = archives(join(directory, 'nowhere'), folder);
  expect(await source.archiveOf('web:2')).toMatchObject({ kind: 'found' });
  expect(await found(source, 'web:1')).toEqual([
    `${join(directory, 'nowhere')} is not there`,
    expect.stringMatching(/torn\.tar cannot be read: /),
  ]);
});

test('an archive that is replaced is looked into again', async () => {
  const source = archives(folder);
  await writeFile(join(folder, 'web.tar'), await archiveOf('web:1'));
  expect(await source.archiveOf('web:1')).toMatchObject({ kind: 'found' });
  await writeFile(join(folder, 'web.tar'), await archiveOf('web:22'));
  expect(await source.archiveOf('web:1')).toMatchObject({ kind: 'none' });
  expect(await source.archiveOf('web:22')).toMatchObject({ kind: 'found' });
});

test('what came with Berth goes before what the config names', async () => {
  const [shipped, declared] = [join(directory, 'shipped.tar'), join(folder, 'web.tar')];
  await writeFile(shipped, 'shipped');
  await writeFile(declared, await archiveOf('berth/ntp:1'));
  await writeFile(join(directory, 'images.json'), JSON.stringify([{ reference: 'berth/ntp:1', archive: shipped }]));
  expect(await found(archives(folder), 'berth/ntp:1')).toEqual(Buffer.from('shipped'));
});
