import { copyFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BerthError } from '../../../src/core/errors.ts';
import { DirectorySource } from '../../../src/update/transfer/directory-source.ts';
import type { ByteSpan } from '../../../src/update/transfer/segment.ts';
import type { ArtifactSource } from '../../../src/update/transfer/source.ts';
import type { WriteSlotOptions } from '../../../src/update/transfer/transfer-options.ts';
import { verifySlot } from '../../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import { writeSlot } from '../../../src/update/transfer/write-slot.ts';
import type { TrustedTarget } from '../../../src/update/tuf/target.ts';
import {
  changed,
  freshTarget,
  imageOf,
  never,
  noise,
  slotOf,
  type TestSlot,
  type TestUpdate,
  transferOf,
  updateOf,
  withHead,
} from '../../unit/update/transfer/support/slots.ts';

const mebibyte = 2 ** 20;
let root: string;
let count = 0;

/** 12 MiB of which 10 are new. */
let big: Promise<TestUpdate>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-transfer-'));
  const [kept, added] = [noise(1, 500), noise(2, 2500)];
  big = updateOf(join(root, 'big'), kept, new Uint8Array(Buffer.concat([kept, added])));
});

afterAll(() => rm(root, { recursive: true }));

async function update(seed: number, blocks: number, edits: number): Promise<TestUpdate> {
  count += 1;
  const old = imageOf(seed, blocks);
  const made = await updateOf(join(root, String(count)), old, changed(old, seed + 1, edits));
  await freshTarget(made);
  return made;
}

/** What the target has where the release goes. */
async function contentOf({ directory, next }: TestUpdate): Promise<Buffer> {
  return (await readFile(join(directory, 'target'))).subarray(0, next.content.length);
}

async function isRelease(made: TestUpdate): Promise<boolean> {
  return Buffer.compare(await contentOf(made), made.next.content) === 0;
}

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x40;
  await handle.write(byte, 0, 1, at);
  await handle.close();
}

/** A source that fails after so many bytes. */
class CutSource implements ArtifactSource {
  readonly #source: ArtifactSource;
  #left: number;

  constructor(directory: string, bytes: number) {
    this.#source = new DirectorySource(directory);
    this.#left = bytes;
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const part of this.#source.read(artifact, span, signal)) {
      this.#left -= part.length;
      if (this.#left < 0) throw new Error('cut');
      yield part;
    }
  }
}

function seedless({ seed, ...options }: WriteSlotOptions): WriteSlotOptions {
  expect(seed).toBeDefined();
  return options;
}

/** A server that does not answer range requests. */
class WholeSource implements ArtifactSource {
  readonly #source: ArtifactSource;

  constructor(directory: string) {
    this.#source = new DirectorySource(directory);
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (span.start > 0 || span.end < artifact.bytes) throw new BerthError('UNSUPPORTED', 'no ranges here');
    yield* this.#source.read(artifact, span, signal);
  }
}

/** The ways to the same slot: options that leave only one of them open. */
const ways: Record<string, (options: WriteSlotOptions) => WriteSlotOptions> = {
  delta: (options) => options,
  ranges: (options) => ({ ...options, artifacts: { ...options.artifacts, deltas: [] } }),
  full: (options) => ({ ...seedless(options), artifacts: { ...options.artifacts, deltas: [] } }),
};

describe.each(Object.entries(ways))('by %s', (_, way) => {
  test('any image comes out of any other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 150 }), fc.nat(8), async (seed, blocks, edits) => {
        const made = await update(seed, blocks, edits);
        const options = way(transferOf(made));
        await writeSlot(options);
        expect(await isRelease(made)).toBe(true);
      }),
      { numRuns: 6 },
    );
  });

  test('from a server without ranges', async () => {
    const made = await update(41, 300, 20);
    const source = new WholeSource(made.directory);
    await writeSlot({ ...way(transferOf(made)), source });
    expect(await isRelease(made)).toBe(true);
  });

  test('goes on after any interruption, fetching no more than 4 MiB again', async () => {
    const made = await big;
    await freshTarget(made);
    const clean = await writeSlot(way(transferOf(made)));
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), async (share) => {
        await freshTarget(made);
        const options = way(transferOf(made));
        let fetched = 0;
        const cut = new CutSource(made.directory, Math.floor(clean.bytesFetched * share));
        const onProgress = ({ bytesFetched }: { bytesFetched: number }): void => void (fetched = bytesFetched);
        await expect(writeSlot({ ...options, source: cut, onProgress })).rejects.toThrow('cut');
        const { bytesFetched } = await writeSlot(options);
        expect(fetched + bytesFetched - clean.bytesFetched).toBeLessThanOrEqual(4 * mebibyte);
        expect(await isRelease(made)).toBe(true);
      }),
      { numRuns: 4, examples: [[0.9]] },
    );
  });

  test('a flipped bit in any artifact is refused or mended, and the slot is never a wrong one', async () => {
    const made = await update(11, 150, 10);
    const options = way(transferOf(made));
    const { full, index, deltas } = made.artifacts;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(full, index, ...deltas),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        async (artifact, share) => {
          const file = join(made.directory, ...artifact.place);
          const at = Math.floor(artifact.bytes * share);
          await freshTarget(made);
          await flip(file, at);
          try {
            await writeSlot(options).catch((error: unknown) =>
              expect(error).toMatchObject({ code: 'RELEASE_REFUSED' }),
            );
          } finally {
            await flip(file, at);
          }
          const damage = await verifySlot(options.target, made.next, never);
          const isRight = await isRelease(made);
          expect(damage.differs.length + damage.unknown.length === 0).toBe(isRight);
          const { dataBlocks } = made.next;
          const superblock = (await contentOf(made)).subarray(dataBlocks * blockBytes);
          expect(superblock.toString('latin1', 0, 6) === 'verity').toBe(isRight);
          // The same artifacts undamaged bring it to an end.
          await writeSlot(options);
          expect(await isRelease(made)).toBe(true);
        },
      ),
      { numRuns: 6 },
    );
  });
});

describe('a target that holds a release', () => {
  /** A former release in the target, an old one and the next one, of which much stays in its place. */
  async function chain(seed: number, blocks: number): Promise<{ made: TestUpdate; former: TestSlot }> {
    count += 1;
    const former = withHead(imageOf(seed, blocks));
    const edited = (from: Uint8Array, by: number): Uint8Array => {
      const next = Uint8Array.from(from);
      next.set(noise(by, 2), Math.floor(blocks / 2) * blockBytes);
      return withHead(by % 2 === 0 ? new Uint8Array(Buffer.concat([next, noise(by, 3)])) : next);
    };
    const old = edited(former, seed + 1);
    const made = await updateOf(join(root, String(count)), old, edited(old, seed + 2));
    return { made, former: await slotOf(join(made.directory, 'former'), former) };
  }

  async function put({ made, former }: { made: TestUpdate; former: TestSlot }): Promise<void> {
    await writeFile(join(made.directory, 'target'), new Uint8Array(Buffer.concat([former.content, noise(9, 20)])));
  }

  /** What was there without being written, in bytes. */
  async function keptBy(options: WriteSlotOptions): Promise<number> {
    const told: number[] = [];
    await writeSlot({ ...options, onProgress: ({ bytesWritten }) => void told.push(bytesWritten) });
    return told.find((bytes) => bytes > 0) ?? 0;
  }

  test.each(Object.entries(ways))('by %s, what is in its place is not written again', async (_, way) => {
    for (const seed of [60, 61]) {
      const releases = await chain(seed, 300);
      await put(releases);
      const kept = await keptBy(way(transferOf(releases.made)));
      expect(await isRelease(releases.made)).toBe(true);
      expect(kept / blockBytes).toBeGreaterThan(200);
      expect(kept / blockBytes).toBeLessThan(299);
    }
  });

  test('what is not as its hash tree says is written after all, from the seed alone', async () => {
    const releases = await chain(70, 300);
    await put(releases);
    for (const block of [3, 40, 250]) await flip(join(releases.made.directory, 'target'), block * blockBytes + 5);
    const options = transferOf(releases.made);
    const onlyDelta: ArtifactSource = {
      read: (artifact, span, signal) => {
        if (!options.artifacts.deltas.some(({ path }) => path === artifact.path))
          throw new Error(`${artifact.path} was asked for`);
        return options.source.read(artifact, span, signal);
      },
    };
    expect(await writeSlot({ ...options, source: onlyDelta })).toMatchObject({ detours: [] });
    expect(await isRelease(releases.made)).toBe(true);
  });

  test('its hash tree vouches for nothing once another release was begun', async () => {
    const releases = await chain(80, 300);
    await put(releases);
    const options = transferOf(releases.made);
    const { bytesFetched } = await writeSlot(options);
    await put(releases);
    const cut = new CutSource(releases.made.directory, bytesFetched - 100);
    await expect(writeSlot({ ...options, source: cut })).rejects.toThrow('cut');
    const at = releases.former.dataBlocks * blockBytes;
    const target = await readFile(options.target);
    expect(target.toString('latin1', at, at + 6)).not.toBe('verity');
    await writeSlot(options);
    expect(await isRelease(releases.made)).toBe(true);
  });
});

describe('a hostile server', () => {
  /** The release as `update` makes it, and another one that has as many blocks. */
  async function twoReleases(): Promise<{ readonly made: TestUpdate; readonly evil: TestUpdate }> {
    const old = noise(51, 200);
    const parts = (seed: number): Uint8Array => new Uint8Array(Buffer.concat([old, noise(seed, 40)]));
    const made = await updateOf(join(root, 'good'), old, parts(52));
    await freshTarget(made);
    return { made, evil: await updateOf(join(root, 'evil'), old, parts(53)) };
  }

  let pair: Awaited<ReturnType<typeof twoReleases>>;

  beforeAll(async () => {
    pair = await twoReleases();
  });

  test('gets nowhere with a delta to another release', async () => {
    const { made, evil } = pair;
    const [delta, other] = [made.artifacts.deltas[0]!, evil.artifacts.deltas[0]!];
    expect(other.bytes).toBe(delta.bytes);
    await copyFile(join(evil.directory, ...other.place), join(made.directory, ...delta.place));
    const { bytesFetched } = await writeSlot(transferOf(made));
    expect(await isRelease(made)).toBe(true);
    expect(bytesFetched).toBeGreaterThan(delta.bytes + made.artifacts.index.bytes);
  });

  test('gets nowhere with the index of another release', async () => {
    const { made, evil } = pair;
    await freshTarget(made);
    const options = ways['full']!(transferOf(made));
    const place = join(made.directory, ...options.artifacts.index.place);
    const good = await readFile(place);
    await copyFile(join(evil.directory, ...evil.artifacts.index.place), place);
    try {
      await expect(writeSlot(options)).rejects.toMatchObject({
        code: 'RELEASE_REFUSED',
        message: expect.stringMatching(/does not have the digest of the signed metadata/),
      });
    } finally {
      await writeFile(place, good);
    }
    expect((await contentOf(made)).toString('latin1', made.next.dataBlocks * blockBytes)).toMatch(
      /^berth: being written/,
    );
  });

  test('gets nowhere with the full stream of another release', async () => {
    const { made, evil } = pair;
    await freshTarget(made);
    const options = ways['full']!(transferOf(made));
    expect(evil.artifacts.full.bytes).toBe(options.artifacts.full.bytes);
    const source = new DirectorySource(made.directory);
    const lying: ArtifactSource = {
      read: (artifact, span, signal) =>
        artifact.path === options.artifacts.full.path
          ? new DirectorySource(evil.directory).read(evil.artifacts.full, span, signal)
          : source.read(artifact, span, signal),
    };
    await expect(writeSlot({ ...options, source: lying })).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
      message: expect.stringMatching(/is damaged: blocks from 200 on/),
    });
    expect((await contentOf(made)).toString('latin1', made.next.dataBlocks * blockBytes)).toMatch(
      /^berth: being written/,
    );
  });

  test('cannot have an index of any size read', async () => {
    const { made } = pair;
    const options = ways['full']!(transferOf(made));
    const { artifacts } = options;
    const read = (): never => {
      throw new Error('asked for');
    };
    const index = { ...artifacts.index, bytes: 20 + 240 * 8 + 60 * 4 + 1 };
    const reading = writeSlot({ ...options, source: { read }, artifacts: { ...artifacts, index } });
    await expect(reading).rejects.toMatchObject({ details: { refusal: 'oversized' } });
  });
});

test('a release that is there whole is told from what only says so', async () => {
  const made = await update(37, 200, 20);
  await copyFile(made.next.file, join(made.directory, 'target'));
  await flip(join(made.directory, 'target'), 5 * blockBytes);
  const { bytesFetched } = await writeSlot(ways['full']!(transferOf(made)));
  expect(await isRelease(made)).toBe(true);
  expect(bytesFetched).toBeLessThan(made.artifacts.index.bytes + 70_000);
});

describe('a seed that is not what it says', () => {
  test('costs the parts that differ, not the whole update', async () => {
    const old = noise(3, 1500);
    const next = Uint8Array.from(old);
    next.set(noise(4, 3), 700 * blockBytes);
    const made = await updateOf(join(root, 'seed'), old, next);
    await freshTarget(made);
    for (const block of [100, 500, 1000]) await flip(made.old.file, block * blockBytes + 100);
    const { bytesFetched } = await writeSlot(transferOf(made));
    expect(await isRelease(made)).toBe(true);
    const { deltas, index } = made.artifacts;
    expect(bytesFetched).toBeLessThan(deltas[0]!.bytes + index.bytes + 3 * 66_000);
  });

  test.each(['truncated', 'missing'])('or that is %s is done without', async (state) => {
    const made = await update(22, 200, 4);
    if (state === 'missing') await rm(made.old.file);
    else await truncate(made.old.file, 0);
    const { detours } = await writeSlot(transferOf(made));
    expect(await isRelease(made)).toBe(true);
    expect(detours).toHaveLength(1);
  });
});

test('a release that the target has already is not fetched again', async () => {
  const made = await update(31, 200, 20);
  const options = ways['ranges']!(transferOf(made));
  await writeSlot(options);
  const again = await writeSlot(options);
  expect(again.bytesFetched).toBe(made.artifacts.index.bytes);
});

test('progress grows to the whole', async () => {
  const made = await update(32, 200, 20);
  const written: number[] = [];
  await writeSlot({ ...transferOf(made), onProgress: ({ bytesWritten }) => written.push(bytesWritten) });
  expect(written).toEqual(written.toSorted((a, b) => a - b));
  expect(written.at(-1)).toBe(made.next.dataBlocks * blockBytes);
});

test('a signal ends it with its reason', async () => {
  const made = await update(33, 200, 20);
  const stop = new AbortController();
  const options = { ...transferOf(made), signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) };
  await expect(writeSlot(options)).rejects.toThrow('enough');
});

test('a target that is too small is refused before anything is fetched', async () => {
  const made = await update(34, 100, 2);
  await truncate(join(made.directory, 'target'), 50 * blockBytes);
  const onProgress = (): never => {
    throw new Error('fetched');
  };
  await expect(writeSlot({ ...transferOf(made), onProgress })).rejects.toMatchObject({ code: 'HOST_REFUSED' });
});

test('a disk that is full says so', async () => {
  const made = await update(35, 100, 2);
  await expect(writeSlot({ ...transferOf(made), target: '/dev/full' })).rejects.toMatchObject({ code: 'DISK_FULL' });
});

/** Found by trying: the SHA-256 of blocks of zeros that end with one of these begin with the same six bytes. */
const twins = [14_653_536, 72_450_745] as const;

test('blocks that the index does not tell apart are fetched', async () => {
  const old = noise(40, 100);
  const next = Uint8Array.from(old);
  const place = 51 * blockBytes;
  for (const [image, number] of [old, next].map((bytes, at) => [bytes, twins[at] ?? 0] as const)) {
    image.fill(0, place - blockBytes, place);
    Buffer.from(image.buffer).writeUInt32LE(number, place - 4);
  }
  count += 1;
  const made = await updateOf(join(root, String(count)), old, next);
  await freshTarget(made);
  const { detours } = await writeSlot(ways['ranges']!(transferOf(made)));
  expect(await isRelease(made)).toBe(true);
  expect(detours).toHaveLength(1);
});

test('metadata of another release than the index is refused, and the target looks like no release', async () => {
  const made = await update(36, 100, 2);
  const options = { ...seedless(transferOf(made)), release: { ...made.next, rootHash: made.old.rootHash } };
  await expect(writeSlot(options)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  const text = (await contentOf(made)).subarray(made.next.dataBlocks * blockBytes);
  expect(text.toString('latin1', 0, 20)).toBe('berth: being written');
});
