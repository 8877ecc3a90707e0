import { describe, expect, test } from '@jest/globals';
import { parseLoggedWrite, parseWriteLogHead } from '../../../../image/vm/write-log.ts';

/** Four numbers of 8 bytes each, little-endian. */
function record(...numbers: readonly bigint[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(32));
  for (const [index, number] of numbers.entries()) bytes.setBigUint64(index * 8, number, true);
  return new Uint8Array(bytes.buffer);
}

const magic = 0x6a736677736872n;
const head = { sectorBytes: 512, entries: 9 };

test('the head', () => {
  expect(parseWriteLogHead(record(magic, 1n, 9n, 512n))).toEqual(head);
});

test.each([
  ['too short', new Uint8Array(31)],
  ['of another kind', record(1n, 1n, 9n, 512n)],
  ['of another version', record(magic, 2n, 9n, 512n)],
  ['with a sector of 0 bytes', record(magic, 1n, 9n, 0n)],
  ['with a sector that is no power of two', record(magic, 1n, 9n, 1000n)],
])('a file %s is refused', (_what, bytes) => {
  expect(() => parseWriteLogHead(bytes)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
});

describe('an entry', () => {
  test.each([
    ['write', [16n, 2n, 0n, 0n], { kind: 'write', offset: 8192, length: 1024, isForced: false, isFlush: false }, 1024],
    ['forced write', [1n, 1n, 2n, 0n], { kind: 'write', offset: 512, length: 512, isForced: true }, 512],
    ['write with a flush before it', [1n, 1n, 1n, 0n], { kind: 'write', isFlush: true }, 512],
    ['flush', [0n, 0n, 1n, 0n], { kind: 'flush', isFlush: true, length: 0 }, 0],
    ['discard', [0n, 8n, 4n, 0n], { kind: 'discard', offset: 0, length: 4096 }, 0],
    ['mark', [0n, 0n, 8n, 5n], { kind: 'mark', length: 0 }, 512],
  ] as const)('%s', (_kind, numbers, entry, dataBytes) => {
    expect(parseLoggedWrite(record(...numbers), 4096, head)).toMatchObject({
      ...entry,
      dataOffset: 4608,
      endOffset: 4608 + dataBytes,
    });
  });

  test.each([
    ['that is cut off', new Uint8Array(8)],
    ['with a number that no disk has', record(2n ** 60n, 1n, 0n, 0n)],
  ])('%s is refused', (_what, bytes) => {
    expect(() => parseLoggedWrite(bytes, 512, head)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });
});
