import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BerthError } from '../../../../src/core/errors.ts';
import { blobName, type ReleaseManifest } from '../../../../src/update/release-manifest.ts';
import { DirectorySource } from '../../../../src/update/transfer/directory-source.ts';
import { type FetchedKernel, fetchKernel } from '../../../../src/update/transfer/kernel.ts';
import { makeKernelDeltas } from '../../../../src/update/transfer/make-kernel-deltas.ts';
import type { ArtifactSource } from '../../../../src/update/transfer/source.ts';
import { TokenBucket } from '../../../../src/update/transfer/token-bucket.ts';
import { never, noise } from './support/slots.ts';

type Kernel = Pick<ReleaseManifest, 'uki' | 'artifacts'>;

let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-kernel-'));
});

afterAll(async () => rm(root, { recursive: true }));

/** A program, a command line, an initrd and a kernel, as a kernel image has them: each from a multiple of 512 bytes on. */
function kernelImage(commandLine: string, kernel = 3): Uint8Array {
  const section = (bytes: Uint8Array): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  const text = Buffer.from(commandLine);
  return new Uint8Array(
    Buffer.concat([section(noise(1, 20)), section(text), section(noise(2, 60)), section(noise(kernel, 140))]),
  );
}

const old = kernelImage('berth.usr=1111 console=tty0');
const next = kernelImage('berth.usr=2222 console=tty0');
/** Everything behind the command line has moved by half a block and a bit. */
const moved = kernelImage(`berth.usr=2222 console=tty0 ${'x'.repeat(2500)}`);

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Published {
  readonly directory: string;
  readonly manifest: Kernel;
  /** Path of the image before. */
  readonly running: string;
}

/** Publishes a kernel image with a delta from another one. */
async function publish(from: Uint8Array, to: Uint8Array): Promise<Published> {
  count += 1;
  const directory = join(root, String(count));
  await mkdir(join(directory, 'blobs'), { recursive: true });
  const [running, kernel] = [join(directory, 'running'), join(directory, 'kernel')];
  await writeFile(running, from);
  await writeFile(kernel, to);
  const uki = { name: 'berth_2.efi', sha256: sha256Of(to), bytes: to.length };
  await writeFile(join(directory, 'blobs', blobName(uki)), to);
  const previous = [{ file: running, sha256: sha256Of(from) }];
  const artifacts = await makeKernelDeltas({ kernel, previous, directory, name: 'new', signal: never });
  for (const artifact of artifacts)
    await rename(join(directory, artifact.name), join(directory, 'blobs', blobName(artifact)));
  return { directory, manifest: { uki, artifacts }, running };
}

async function fetch({ directory, manifest, running }: Published, limit?: TokenBucket): Promise<FetchedKernel> {
  const source = new DirectorySource(directory);
  return fetchKernel({ source, manifest, running, signal: never, ...(limit === undefined ? {} : { limit }) });
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

describe('a kernel image comes', () => {
  test.each([
    ['by a delta of next to nothing, when the command line differs', next, 1024],
    ['by a small one, when all has moved', moved, 16 * 1024],
  ])('%s', async (_, to, most) => {
    const published = await publish(old, to);
    const { content, bytesFetched, detours } = await fetch(published);
    expect(isEqual(content, to)).toBe(true);
    expect(bytesFetched).toBe(published.manifest.artifacts[0]?.bytes);
    expect(bytesFetched).toBeLessThan(most);
    expect(detours).toEqual([]);
  });

  test('from the running one, when it is the same', async () => {
    const published = await publish(next, next);
    const { content, bytesFetched } = await fetch(published);
    expect(isEqual(content, next)).toBe(true);
    expect(bytesFetched).toBe(0);
  });

  test.each<[string, Uint8Array | undefined]>([
    ['another one runs', kernelImage('berth.usr=0000', 9)],
    ['the running one is damaged', old.with(5_000, (old[5_000] ?? 0) ^ 1)],
    ['there is none', undefined],
  ])('whole, when %s', async (_, content) => {
    const published = await publish(old, next);
    if (content === undefined) await rm(published.running);
    else await writeFile(published.running, content);
    const fetched = await fetch(published);
    expect(isEqual(fetched.content, next)).toBe(true);
    expect(fetched.bytesFetched).toBe(next.length);
  });

  test('whole, when nothing is known of a running one', async () => {
    const { directory, manifest } = await publish(old, next);
    const fetched = await fetchKernel({ source: new DirectorySource(directory), manifest, signal: never });
    expect([isEqual(fetched.content, next), fetched.bytesFetched]).toEqual([true, next.length]);
  });

  test.each<[string, (part: Buffer) => Uint8Array, number]>([
    ['from where an interrupted run stopped', (part) => part, 0.5],
    ['whole, when what that left is not as it should be', (part) => part.map((byte) => byte ^ 1), 1.5],
    ['without asking, when that left all of it', () => next, 0],
  ])('%s', async (_, change, share) => {
    const { directory, manifest } = await publish(old, next);
    const partDirectory = join(directory, 'part');
    const half = Math.floor(next.length / 2);
    const files = new DirectorySource(directory);
    const cut: ArtifactSource = {
      async *read(artifact, span, signal) {
        yield* files.read(artifact, { ...span, end: half }, signal);
        throw new Error('the power went');
      },
    };
    await expect(fetchKernel({ source: cut, manifest, partDirectory, signal: never })).rejects.toThrow(
      'the power went',
    );
    const part = join(partDirectory, `${manifest.uki.sha256}.part`);
    await writeFile(part, change(await readFile(part)));
    const { content, bytesFetched } = await fetchKernel({ source: files, manifest, partDirectory, signal: never });
    expect(isEqual(content, next)).toBe(true);
    expect(Math.abs(bytesFetched - share * next.length)).toBeLessThan(2);
  });

  test('from its start, when the server gives no parts or what was left is of another one', async () => {
    const { directory, manifest } = await publish(old, next);
    const partDirectory = join(directory, 'part');
    await mkdir(partDirectory);
    await writeFile(join(partDirectory, 'other.part'), 'other');
    await writeFile(join(partDirectory, `${manifest.uki.sha256}.part`), next.subarray(0, 10));
    const files = new DirectorySource(directory);
    const wholeOnly: ArtifactSource = {
      read(artifact, span, signal) {
        if (span.start > 0) throw new BerthError('UNSUPPORTED', 'no ranges');
        return files.read(artifact, span, signal);
      },
    };
    const fetched = await fetchKernel({ source: wholeOnly, manifest, partDirectory, signal: never });
    expect([isEqual(fetched.content, next), fetched.bytesFetched]).toEqual([true, next.length]);
    expect(await readdir(partDirectory)).toEqual([`${manifest.uki.sha256}.part`]);
  });

  test('whole, when nothing can be kept', async () => {
    const { directory, manifest, running } = await publish(old, next);
    const source = new DirectorySource(directory);
    // A file is no directory.
    const fetched = await fetchKernel({ source, manifest, partDirectory: running, signal: never });
    expect(isEqual(fetched.content, next)).toBe(true);
  });

  test('at the rate that it may', async () => {
    const waits: number[] = [];
    const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
    const published = await publish(old, next);
    await rm(published.running);
    await fetch(published, new TokenBucket(next.length / 2, clock));
    expect(Math.max(...waits)).toBeCloseTo(1000);
  });
});

describe('a delta that is no good is left, and told', () => {
  test.each<[string, (delta: Buffer) => Uint8Array | undefined]>([
    ['is not there', () => undefined],
    ['is another file', (delta) => delta.map((byte) => byte ^ 1)],
    ['is cut off', (delta) => delta.subarray(0, 50)],
  ])('one that %s', async (_, change) => {
    const published = await publish(old, next);
    const [delta] = published.manifest.artifacts;
    const path = join(published.directory, 'blobs', blobName(delta!));
    const changed = change(await readFile(path));
    if (changed === undefined) await rm(path);
    else await writeFile(path, changed);
    const { content, detours } = await fetch(published);
    expect(isEqual(content, next)).toBe(true);
    expect(detours).toHaveLength(1);
  });

  test.each<[string, Uint8Array]>([
    ['makes another kernel image', moved],
    ['is for a smaller one', kernelImage('', 4)],
  ])('one that was signed and %s', async (_, other) => {
    const published = await publish(old, next);
    const wrong = await publish(old, other);
    const artifacts = wrong.manifest.artifacts;
    for (const artifact of artifacts) {
      const name = join('blobs', blobName(artifact));
      await rename(join(wrong.directory, name), join(published.directory, name));
    }
    const { content, detours } = await fetch({ ...published, manifest: { ...published.manifest, artifacts } });
    expect(isEqual(content, next)).toBe(true);
    expect(detours).toHaveLength(artifacts.length);
  });
});

describe('a kernel image is refused', () => {
  test('that is not what was signed', async () => {
    const { directory, manifest } = await publish(old, next);
    await writeFile(join(directory, 'blobs', blobName(manifest.uki)), next.with(0, (next[0] ?? 0) ^ 1));
    await expect(
      fetchKernel({ source: new DirectorySource(directory), manifest, signal: never }),
    ).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
      details: { refusal: 'mix-and-match' },
    });
  });

  test('that is too big, before anything is asked for', async () => {
    const { directory, manifest } = await publish(old, next);
    const huge = { ...manifest, uki: { ...manifest.uki, bytes: 2 ** 40 } };
    await expect(
      fetchKernel({ source: new DirectorySource(directory), manifest: huge, signal: never }),
    ).rejects.toMatchObject({ details: { refusal: 'oversized' } });
  });
});

test('a delta that saves nothing is not made', async () => {
  const { manifest } = await publish(noise(8, 30), noise(9, 30));
  expect(manifest.artifacts).toEqual([]);
});

test('the same kernel images give the same delta', async () => {
  const [one, other] = [await publish(old, moved), await publish(old, moved)];
  expect(one.manifest).toEqual(other.manifest);
});

test('stops when it is told to', async () => {
  const abort = new AbortController();
  abort.abort(new Error('enough'));
  const { directory, manifest, running } = await publish(old, next);
  const source = new DirectorySource(directory);
  await expect(fetchKernel({ source, manifest, running, signal: abort.signal })).rejects.toThrow('enough');
});
