import { describe, expect, test } from '@jest/globals';
import { readElf, stripElf } from '../../../image/elf.ts';

/** A 64-bit ELF file with one loaded segment that holds everything, and 100 bytes of symbols behind it. */
function elfFile(needed: readonly string[], interpreter: string): Buffer {
  const headers = 64 + 3 * 56;
  const strings = Buffer.from(`\0${needed.join('\0')}\0${interpreter}\0`, 'latin1');
  const dynamic = Buffer.alloc(16 * (needed.length + 2));
  let at = 1;
  for (const [index, name] of needed.entries()) {
    dynamic.writeBigInt64LE(1n, index * 16);
    dynamic.writeBigInt64LE(BigInt(at), index * 16 + 8);
    at += name.length + 1;
  }
  const base = 0x400000;
  dynamic.writeBigInt64LE(5n, needed.length * 16);
  dynamic.writeBigInt64LE(BigInt(base + headers + dynamic.length), needed.length * 16 + 8);
  const loaded = headers + dynamic.length + strings.length;
  const file = Buffer.concat([Buffer.alloc(headers), dynamic, strings, Buffer.alloc(100, 7)]);
  file.write('\x7fELF', 0, 'latin1');
  file[4] = 2;
  file[5] = 1;
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(loaded), 40);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  file.writeUInt16LE(9, 60);
  const segment = (index: number, type: number, offset: number, size: number): void => {
    const header = 64 + index * 56;
    file.writeUInt32LE(type, header);
    file.writeBigUInt64LE(BigInt(offset), header + 8);
    file.writeBigUInt64LE(BigInt(base + offset), header + 16);
    file.writeBigUInt64LE(BigInt(size), header + 32);
  };
  segment(0, 1, 0, loaded);
  segment(1, 2, headers, dynamic.length);
  segment(2, 3, loaded - interpreter.length - 1, interpreter.length + 1);
  return file;
}

describe('readElf', () => {
  test('finds libraries and loader', () => {
    const file = elfFile(['libc.so.6', 'libm.so.6'], '/lib64/ld-linux-x86-64.so.2');
    expect(readElf(file)).toEqual({
      needed: ['libc.so.6', 'libm.so.6'],
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      loadedBytes: file.length - 100,
    });
  });

  test.each([
    ['a script', Buffer.from('#!/bin/sh\n'.repeat(20))],
    ['a short file', Buffer.from('\x7fELF', 'latin1')],
    ['a 32-bit program', Buffer.from(`\x7fELF\x01\x01${'\0'.repeat(100)}`, 'latin1')],
  ])('is nothing for %s', (_, file) => {
    expect(readElf(file)).toBeUndefined();
  });
});

describe('stripElf', () => {
  test('cuts what no segment covers, and nothing else', () => {
    const file = elfFile(['libc.so.6'], '/lib/ld.so');
    const stripped = stripElf(file);
    expect(stripped).toHaveLength(file.length - 100);
    expect(readElf(stripped)).toEqual(readElf(file));
    expect([stripped.readBigUInt64LE(40), stripped.readUInt16LE(60)]).toEqual([0n, 0]);
  });
});
