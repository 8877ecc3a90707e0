import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BundleArtifacts } from '../../../../src/update/bundle/bundle-artifacts.ts';
import { parseReleaseManifest } from '../../../../src/update/release-manifest.ts';
import { transferArtifacts } from '../../../../src/update/transfer/artifacts.ts';
import { DirectorySource } from '../../../../src/update/transfer/directory-source.ts';
import { keptConnections } from '../../../../src/update/transfer/http-agents.ts';
import { HttpSource } from '../../../../src/update/transfer/http-source.ts';
import { openArtifacts } from '../../../../src/update/transfer/open-artifacts.ts';
import { readSpan } from '../../../../src/update/transfer/source.ts';
import { releaseDocument } from '../release-document.ts';
import { never, stoppedClock } from './support/slots.ts';

let directory: string;
const artifact = { path: 'blobs/a', bytes: 10, hashes: {}, place: ['blobs', '1.a'] };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-artifacts-'));
  await mkdir(join(directory, 'targets', 'blobs'), { recursive: true });
  await writeFile(join(directory, 'targets', 'blobs', '1.a'), '0123456789');
  await writeFile(join(directory, 'secret'), '0123456789');
  await symlink('../../secret', join(directory, 'targets', 'blobs', 'link'));
});

afterAll(async () => rm(directory, { recursive: true }));

describe('a part is refused', () => {
  const sourceOf = (...parts: readonly number[]) => ({
    async *read(): AsyncGenerator<Uint8Array> {
      for (const length of parts) yield new Uint8Array(length);
    },
  });

  test.each([
    ['with less than was asked for', sourceOf(3, 1), 'mix-and-match'],
    ['with more', sourceOf(3, 3), 'oversized'],
    ['with more and more', sourceOf(...Array.from({ length: 1000 }, () => 1)), 'oversized'],
  ])('%s', async (_, source, refusal) => {
    await expect(readSpan(source, artifact, { start: 2, end: 7 }, never)).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
      details: { refusal },
    });
  });

  test('not with just that', async () => {
    expect(await readSpan(sourceOf(3, 2), artifact, { start: 2, end: 7 }, never)).toHaveLength(5);
  });
});

describe('a directory', () => {
  const read = async (place: readonly string[], bytes = 10): Promise<string> => {
    const source = new DirectorySource(join(directory, 'targets'));
    const part = await readSpan(source, { ...artifact, place, bytes }, { start: 2, end: 7 }, never);
    return Buffer.from(part).toString();
  };

  test('gives a part of a file', async () => {
    expect(await read(artifact.place)).toBe('23456');
  });

  test.each([
    ['of another size', artifact.place, 11, { code: 'RELEASE_REFUSED', details: { refusal: 'mix-and-match' } }],
    ['that is not there', ['blobs', 'b'], 10, { code: 'RELEASE_REFUSED', details: { refusal: 'missing' } }],
    ['outside', ['..', 'secret'], 10, { code: 'RELEASE_REFUSED', details: { refusal: 'missing' } }],
    ['outside, in one name', ['../secret'], 10, { code: 'RELEASE_REFUSED', details: { refusal: 'missing' } }],
    ['behind a link', ['blobs', 'link'], 10, { code: 'RELEASE_UNREACHABLE' }],
    ['that is a directory', ['blobs'], 10, { code: 'RELEASE_UNREACHABLE' }],
  ])('gives no file %s', async (_, place, bytes, error) => {
    await expect(read(place, bytes)).rejects.toMatchObject(error);
  });
});

test('a repository is opened where it is', async () => {
  const options = { agents: keptConnections({}), clock: stoppedClock, random: () => 0 };
  const source = openArtifacts('.', directory, options);
  expect(await readSpan(source, artifact, { start: 0, end: 10 }, never)).toEqual(Buffer.from('0123456789').subarray());
  expect(openArtifacts('http://server.example/www', directory, options)).toBeInstanceOf(HttpSource);
  expect(openArtifacts('secret', directory, options)).toBeInstanceOf(BundleArtifacts);
});

test('artifacts are where a repository has its blobs', () => {
  const document = releaseDocument('1.1.0', 2);
  const delta = { kind: 'delta', name: 'x.delta', sha256: '1'.repeat(64), bytes: 7, fromRootHash: '2'.repeat(64) };
  const manifest = parseReleaseManifest(
    Buffer.from(JSON.stringify({ ...document, artifacts: [...document.artifacts, delta] })),
  );
  const target = (name: string, sha256: string, bytes: number) => {
    return { path: `blobs/${name}`, bytes, hashes: { sha256 }, place: ['blobs', `${sha256}.${name}`] };
  };
  expect(transferArtifacts(manifest)).toEqual({
    full: target('usr.zst', 'd'.repeat(64), 20),
    index: target('usr.idx', 'f'.repeat(64), 32),
    deltas: [{ ...target('x.delta', '1'.repeat(64), 7), fromRootHash: '2'.repeat(64) }],
  });
});
