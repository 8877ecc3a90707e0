import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keysOf } from '../../../../src/update/transfer/block-index.ts';
import type { Segment } from '../../../../src/update/transfer/segment.ts';
import { SlotWriter } from '../../../../src/update/transfer/slot-writer.ts';
import { blockBytes, digestBytes, hashBlocks, slotLayout } from '../../../../src/update/transfer/verity.ts';
import { noise, slotOf } from './support/slots.ts';

let directory: string;
let target: string;
let writer: SlotWriter;

const seed = noise(1, 8);
const before = noise(2, 20);
const wanted = noise(3, 2);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-writer-'));
  target = join(directory, 'target');
  writeFileSync(target, before);
  writeFileSync(join(directory, 'seed'), seed);
  writer = new SlotWriter({ target, seed: join(directory, 'seed'), layout: slotLayout(16) });
});

afterEach(async () => {
  await writer.close();
  rmSync(directory, { recursive: true });
});

function frameOf(blocks: Uint8Array, payloadBytes: number): Segment {
  const digests = new Uint8Array((blocks.length / blockBytes) * digestBytes);
  hashBlocks(blocks, digests, 0);
  const count = blocks.length / blockBytes;
  return {
    kind: 'frame',
    block: 4,
    blocks: count,
    payload: { start: 100, end: 100 + payloadBytes },
    keys: keysOf(digests),
  };
}

function patchOf(blocks: Uint8Array, payloadBytes: number): Segment {
  return {
    ...{ kind: 'patch', block: 4, blocks: blocks.length / blockBytes },
    payload: { start: 100, end: 100 + payloadBytes },
    windows: [{ block: 2, blocks: 3 }],
    sha256: createHash('sha256').update(blocks).digest(),
  };
}

/** A zstd frame by hand (RFC 8878, section 3.1.1): a window of 2^windowLog bytes, and blocks that are there already. */
function zstdFrame(windowLog: number, ...blocks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3), ...blocks]);
}

function zstdBlock(kind: 'raw' | 'rle', isLast: boolean, size: number, content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (kind === 'rle' ? 2 : 0) | (isLast ? 1 : 0), 0, 3);
  return Buffer.concat([header, content]);
}

function written(): Buffer {
  return readFileSync(target).subarray(4 * blockBytes, 6 * blockBytes);
}

const dictionary = seed.subarray(2 * blockBytes, 5 * blockBytes);

describe.each([
  ['frame', frameOf, undefined],
  ['patch', patchOf, dictionary],
] as const)('a %s', (_, segmentOf, dictionary) => {
  const pack = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(zstdCompressSync(bytes, dictionary === undefined ? {} : { dictionary }));
  const write = async (bytes: Uint8Array): Promise<Segment[]> => {
    const segment = segmentOf(wanted, bytes.length);
    return writer.write([segment], {
      start: 90,
      bytes: Buffer.concat([new Uint8Array(10), bytes, new Uint8Array(10)]),
    });
  };

  test('becomes its blocks', async () => {
    expect(await write(pack(wanted))).toEqual([]);
    expect(Buffer.compare(written(), wanted)).toBe(0);
  });

  test.each([
    ['unpacks to more than its blocks', () => pack(Buffer.concat([wanted, new Uint8Array(1)]))],
    ['unpacks to a thousand times as much', () => pack(Buffer.concat([wanted, new Uint8Array(2 ** 23)]))],
    ['unpacks to less than its blocks', () => pack(wanted.subarray(1))],
    ['is cut off', () => pack(wanted).subarray(0, -20)],
    ['is nothing', () => new Uint8Array()],
    ['is no frame', () => noise(5, 1)],
  ])('that %s is told and not written', async (_what, payload) => {
    expect(await write(payload())).toHaveLength(1);
    expect(Buffer.compare(readFileSync(target), before)).toBe(0);
  });

  test('without a payload is told', async () => {
    expect(await writer.write([segmentOf(wanted, 9)], undefined)).toHaveLength(1);
  });

  test('is known when the target has it already, and only then', async () => {
    const segment = segmentOf(wanted, 9);
    expect(await writer.kept([segment])).toEqual([false]);
    await write(pack(wanted));
    expect(await writer.kept([segment, segmentOf(noise(6, 2), 9)])).toEqual([true, false]);
  });
});

test('a frame that unpacks to other blocks is told and not written; of a patch the one who reads it back finds that', async () => {
  const packed = new Uint8Array(zstdCompressSync(noise(4, 2)));
  const payload = { start: 100, bytes: packed };
  expect(await writer.write([frameOf(wanted, packed.length)], payload)).toHaveLength(1);
  expect(Buffer.compare(readFileSync(target), before)).toBe(0);
  expect(await writer.write([patchOf(wanted, packed.length)], payload)).toEqual([]);
  expect(Buffer.compare(written(), noise(4, 2))).toBe(0);
});

test('a bomb gets no more memory than the blocks take', async () => {
  const blocks = Array.from({ length: 8192 }, (_, at) => zstdBlock('rle', at === 8191, 2 ** 17, Buffer.of(7)));
  const bomb = zstdFrame(17, ...blocks);
  const before = process.resourceUsage().maxRSS;
  expect(await writer.write([frameOf(wanted, bomb.length)], { start: 100, bytes: bomb })).toHaveLength(1);
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(128 * 1024);
});

test.each([
  [25, 0],
  [26, 1],
])('a frame with a window of 2^%i bytes is told %i times', async (windowLog, times) => {
  const frame = zstdFrame(windowLog, zstdBlock('raw', true, wanted.length, wanted));
  expect(await writer.write([frameOf(wanted, frame.length)], { start: 100, bytes: frame })).toHaveLength(times);
});

test('a copy from where the seed ends is told', async () => {
  const copy: Segment = { kind: 'copy', block: 0, blocks: 2, seedBlock: 7 };
  expect(await writer.write([copy], undefined)).toEqual([copy]);
});

test('the end of one segment does not spoil the next', async () => {
  const copy: Segment = { kind: 'copy', block: 6, blocks: 3, seedBlock: 1 };
  const zero: Segment = { kind: 'zero', block: 9, blocks: 2 };
  const bad: Segment = { kind: 'copy', block: 11, blocks: 2, seedBlock: 7 };
  const last: Segment = { kind: 'copy', block: 13, blocks: 1, seedBlock: 0 };
  expect(await writer.write([copy, zero, bad, last], undefined)).toEqual([bad]);
  const now = readFileSync(target);
  const blocks = (bytes: Uint8Array, from: number, to: number): Buffer =>
    Buffer.from(bytes.subarray(from * blockBytes, to * blockBytes));
  expect(blocks(now, 6, 9).equals(blocks(seed, 1, 4))).toBe(true);
  expect(blocks(now, 9, 11).equals(Buffer.alloc(2 * blockBytes))).toBe(true);
  expect(blocks(now, 13, 14).equals(blocks(seed, 0, 1))).toBe(true);
  expect(blocks(now, 0, 6).equals(blocks(before, 0, 6))).toBe(true);
  expect(blocks(now, 14, 20).equals(blocks(before, 14, 20))).toBe(true);
});

test('a release that is there whole is none while it is written again, and one afterwards', async () => {
  const slot = await slotOf(join(directory, 'slot'), before.subarray(0, 16 * blockBytes));
  const again = new SlotWriter({ target: slot.file, layout: slotLayout(16) });
  expect(await again.begin(slot.rootHash)).toBe(true);
  const behind = readFileSync(slot.file).subarray(16 * blockBytes);
  expect(behind.toString('latin1', 0, 20)).toBe('berth: being written');
  expect(behind.subarray(blockBytes).equals(Buffer.alloc(blockBytes))).toBe(true);
  await again.finish(slot.content.subarray(16 * blockBytes));
  expect(Buffer.compare(readFileSync(slot.file), slot.content)).toBe(0);
  await again.close();
});

test('what was begun for one release holds nothing of another', async () => {
  const [one, other] = ['a'.repeat(64), 'b'.repeat(64)];
  expect(await writer.begin(one)).toBe(false);
  expect(await writer.begin(one)).toBe(true);
  expect(await writer.begin(other)).toBe(false);
  expect(await writer.begin(other)).toBe(true);
});

test('after it is closed nothing more is written', async () => {
  const zero: Segment = { kind: 'zero', block: 4, blocks: 2 };
  const writing = writer.write([zero], undefined);
  await writer.close();
  await writing.catch(() => undefined);
  await expect(writer.write([zero], undefined)).rejects.toMatchObject({ code: 'CANCELLED' });
});
