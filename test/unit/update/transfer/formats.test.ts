import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeIndex, encodeIndex } from '../../../../src/update/transfer/block-index.ts';
import {
  decodeDelta,
  decodeDeltaHeader,
  deltaHeaderBytes,
  encodeDelta,
} from '../../../../src/update/transfer/delta-format.ts';
import type { Segment } from '../../../../src/update/transfer/segment.ts';

const index = {
  dataBlocks: 20,
  frameBlocks: 8,
  keys: Uint8Array.from({ length: 160 }, (_, at) => (at % 8 < 6 ? at : 0)),
  frameStarts: [0, 60_000, 60_100, 60_900],
};

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, at);
  return copy;
}

describe('a block index', () => {
  test('comes back as it was written', () => {
    const decoded = decodeIndex(encodeIndex(index), 20, 60_900);
    expect({ ...decoded, keys: new Uint8Array(decoded.keys) }).toEqual(index);
  });

  const good = encodeIndex(index);
  test.each([
    ['is none', good.subarray(1), 20, 60_900],
    ['is none', new Uint8Array(), 20, 60_900],
    ['has version 1', patched(good, 8, 1), 20, 60_900],
    ['has frames of 1000000 blocks', patched(good, 12, 1_000_000), 20, 60_900],
    ['is for 20 blocks, not 21', good, 21, 60_900],
    ['has 145 bytes', good.subarray(0, -1), 20, 60_900],
    ['has an empty frame', patched(good, good.length - 4, 100), 20, 60_100],
    ['has frames of 3 blocks', patched(good, 12, 3), 20, 60_900],
    ['has frames of 9 blocks', patched(good, 12, 9), 20, 60_900],
    ['is for a full stream of 60900 bytes, not 60901', good, 20, 60_901],
  ])('that %s is refused', (what, bytes, dataBlocks, fullBytes) => {
    expect(() => decodeIndex(bytes, dataBlocks, fullBytes)).toThrow(`block index: it ${what}`);
  });
});

describe('a delta', () => {
  const sha256 = new Uint8Array(32).fill(7);
  const segments: Segment[] = [
    { kind: 'copy', block: 0, blocks: 10, seedBlock: 5 },
    { kind: 'zero', block: 10, blocks: 3 },
    {
      ...{ kind: 'patch', block: 13, blocks: 2, sha256 },
      windows: [
        { block: 0, blocks: 4 },
        { block: 90, blocks: 10 },
      ],
      payload: { start: 0, end: 500 },
    },
  ];

  /** Reads a delta whose payloads have 500 bytes. */
  function read(head: Uint8Array, dataBlocks = 15, payloadBytes = 500, seedBlocks = 100): readonly Segment[] {
    const header = decodeDeltaHeader(head, seedBlocks, dataBlocks);
    return decodeDelta(header, head.subarray(deltaHeaderBytes), head.length + payloadBytes).segments;
  }

  const written = (changes: readonly Segment[]): Uint8Array =>
    encodeDelta({ dataBlocks: 15, seedBlocks: 100, segments: changes });

  test('comes back as it was written, with the places of the payloads', () => {
    const head = written(segments);
    const [copy, zero, patch] = segments;
    expect(read(head)).toEqual([copy, zero, { ...patch, payload: { start: head.length, end: head.length + 500 } }]);
  });

  test('is read with long copies cut into pieces', () => {
    const head = encodeDelta({
      dataBlocks: 2500,
      seedBlocks: 3000,
      segments: [{ kind: 'copy', block: 0, blocks: 2500, seedBlock: 100 }],
    });
    expect(read(head, 2500, 0, 3000)).toEqual([
      { kind: 'copy', block: 0, blocks: 1024, seedBlock: 100 },
      { kind: 'copy', block: 1024, blocks: 1024, seedBlock: 1124 },
      { kind: 'copy', block: 2048, blocks: 452, seedBlock: 2148 },
    ]);
  });

  const good = written(segments);
  const table = (bytes: readonly number[]): Uint8Array => {
    const packed = zstdCompressSync(Buffer.from(bytes));
    return Buffer.concat([
      patched(patched(good.subarray(0, deltaHeaderBytes), 20, packed.length), 24, bytes.length),
      packed,
    ]);
  };
  const zeros = (size: number): Uint8Array => {
    const packed = zstdCompressSync(new Uint8Array(size));
    return Buffer.concat([patched(patched(good.subarray(0, deltaHeaderBytes), 20, packed.length), 24, 100), packed]);
  };
  const longPatch = { ...segments[2]!, blocks: 1025 } as Segment;
  const paid = (bytes: number): Segment[] => [
    ...segments.slice(0, 2),
    { ...segments[2]!, payload: { start: 0, end: bytes } } as Segment,
  ];
  const window = (blocks: number): Segment[] => [
    ...segments.slice(0, 2),
    { ...segments[2]!, windows: Array.from({ length: blocks }, () => ({ block: 0, blocks: 100 })) } as Segment,
  ];

  test.each([
    ['is none', good.subarray(3), 15, 500],
    ['has version 9', patched(good, 8, 9), 15, 500],
    ['makes 15 blocks, not 16', good, 16, 500],
    ['is for a seed of 99 blocks, not 100', patched(good, 16, 99), 15, 500],
    ['has a packed table of 4294967295 bytes', patched(good, 20, 2 ** 32 - 1), 15, 500],
    ['has a table of 4294967295 bytes', patched(good, 24, 2 ** 32 - 1), 15, 500],
    ['has a table of another length than it says', patched(good, 24, 1000), 15, 500],
    ['has a table that does not unpack', zeros(200 * 2 ** 20), 15, 500],
    ['has a table that ends too early', table([1, 1, 0, 0, 0, 5]), 15, 500],
    ['has a segment of an unknown kind', table([9, 1, 0, 0, 0]), 15, 500],
    ['makes 0 blocks at 0', table([0, 0, 0, 0, 0]), 15, 500],
    ['makes 4294967295 blocks at 0', table([0, 255, 255, 255, 255]), 15, 500],
    ['makes 10 of 15 blocks', written(segments.slice(0, 1)), 15, 0],
    ['reads block 110 of a seed of 100', written([{ ...segments[0]!, seedBlock: 100 } as Segment]), 15, 500],
    ['has a payload of 0 bytes for 2 blocks', written(paid(0)), 15, 0],
    ['has a payload of 16385 bytes for 2 blocks', written(paid(16_385)), 15, 16_385],
    ['makes 6 blocks at 10', written([segments[0]!, { kind: 'zero', block: 10, blocks: 6 }]), 15, 0],
    ['has less payload than its table says', good, 15, 499],
    ['has more payload than its table says', good, 15, 501],
    ['has a dictionary of 16793600 bytes or more', written(window(41)), 15, 500],
  ])('that %s is refused', (what, bytes, dataBlocks, payloadBytes) => {
    expect(() => read(bytes, dataBlocks, payloadBytes)).toThrow(`delta: it ${what}`);
  });

  test('at its limits is taken', () => {
    expect(read(written(window(40)))).toHaveLength(3);
    expect(read(written(paid(16_384)), 15, 16_384)).toHaveLength(3);
  });

  test('whose table would need a lot of memory to unpack is refused', () => {
    // A zstd frame (RFC 8878, section 3.1.1) that asks for a window of 128 MiB, with one raw block.
    const packed = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3, (5 << 3) | 1, 0, 0, 0, 15, 0, 0, 0]);
    const roomy = Buffer.concat([
      patched(patched(good.subarray(0, deltaHeaderBytes), 20, packed.length), 24, 5),
      packed,
    ]);
    expect(() => read(roomy, 15, 0)).toThrow('delta: it has a table that does not unpack');
  });

  test('is not made when nobody would take it', () => {
    const crumbs = Array.from({ length: 900_000 }, (_, block): Segment => ({ kind: 'zero', block, blocks: 1 }));
    expect(() => encodeDelta({ dataBlocks: 900_000, seedBlocks: 1, segments: crumbs })).toThrow(/a delta's table of/);
  });

  test('with too big a patch is refused', () => {
    const head = encodeDelta({ dataBlocks: 1025, seedBlocks: 100, segments: [longPatch] });
    expect(() => read(head, 1025)).toThrow('delta: it has a patch of 1025 blocks');
  });
});
