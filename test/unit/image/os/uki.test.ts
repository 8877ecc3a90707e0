import { describe, expect, test } from '@jest/globals';
import { appendPeSections } from '../../../../image/os/pe.ts';
import { buildUki, readUki } from '../../../../image/os/uki.ts';
import { readPeSignatures } from '../../../../src/boot/pe.ts';
import { readPeSections } from '../../../../src/boot/pe-sections.ts';

/** A PE file with one section of code; `headerBytes` of room for headers. */
function stub(headerBytes = 0x400): Buffer {
  const file = Buffer.alloc(headerBytes + 0x200);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(0x80, 0x3c);
  file.write('PE\0\0', 0x80, 'latin1');
  file.writeUInt16LE(1, 0x86);
  file.writeUInt16LE(240, 0x94);
  const optional = 0x98;
  file.writeUInt32LE(0x1000, optional + 32);
  file.writeUInt32LE(0x200, optional + 36);
  file.writeUInt32LE(0x2000, optional + 56);
  file.writeUInt32LE(headerBytes, optional + 60);
  const header = optional + 240;
  file.write('.text', header, 'latin1');
  file.writeUInt32LE(0x123, header + 8);
  file.writeUInt32LE(0x1000, header + 12);
  file.writeUInt32LE(0x200, header + 16);
  file.writeUInt32LE(headerBytes, header + 20);
  return file;
}

const parts = {
  osRelease: 'ID=berth\n',
  commandLine: 'console=ttyS0',
  kernelRelease: '6.12.0',
  initrd: Buffer.alloc(5000, 1),
  kernel: Buffer.alloc(70_000, 2),
};

describe('buildUki', () => {
  test('puts the parts behind the stub so that they can be read again', () => {
    const uki = buildUki(stub(), parts);
    expect(readUki(uki)).toEqual(parts);
    expect(readPeSections(uki).map(({ name }) => name)).toEqual([
      '.text',
      '.osrel',
      '.cmdline',
      '.uname',
      '.initrd',
      '.linux',
    ]);
  });

  test('gives each section a page of its own and the image its size', () => {
    const uki = appendPeSections(stub(), [
      { name: '.a', data: Buffer.alloc(0x1001) },
      { name: '.b', data: Buffer.alloc(1) },
    ]);
    const addresses = [0, 1, 2].map((index) => uki.readUInt32LE(0x98 + 240 + index * 40 + 12));
    expect(addresses).toEqual([0x1000, 0x2000, 0x4000]);
    expect(uki.readUInt32LE(0x98 + 56)).toBe(0x5000);
  });

  test('is the same for the same parts', () => {
    expect(buildUki(stub(), parts).equals(buildUki(stub(), parts))).toBe(true);
  });

  test('refuses a stub without room for more headers', () => {
    expect(() => buildUki(stub(0x200), parts)).toThrow('no room');
  });

  test('refuses what is no PE file', () => {
    expect(() => readUki(Buffer.alloc(4096))).toThrow('no PE file');
    expect(() => readUki(stub())).toThrow('no .osrel');
  });
});

describe('readPeSignatures', () => {
  const optional = 0x98;

  /** The stub with a table of these certificates: kind and content. */
  function signed(...certificates: readonly (readonly [number, string])[]): Buffer {
    const table = Buffer.concat(
      certificates.map(([kind, content]) => {
        const entry = Buffer.alloc(Math.ceil((8 + content.length) / 8) * 8);
        entry.writeUInt32LE(8 + content.length, 0);
        entry.writeUInt16LE(0x200, 4);
        entry.writeUInt16LE(kind, 6);
        entry.write(content, 8, 'latin1');
        return entry;
      }),
    );
    const file = Buffer.concat([stub(), table]);
    file.writeUInt16LE(0x20b, optional);
    file.writeUInt32LE(16, optional + 108);
    file.writeUInt32LE(stub().length, optional + 112 + 32);
    file.writeUInt32LE(table.length, optional + 112 + 36);
    return file;
  }

  test.each<[string, Buffer, string[]]>([
    ['a program without data directories', stub(), []],
    ['an empty table', signed(), []],
    ['one signature, its padding left out', signed([2, 'abc']), ['abc']],
    ['several', signed([2, 'first'], [2, 'second']), ['first', 'second']],
    ['other kinds beside it', signed([0xef1, 'guid'], [2, 'ours']), ['ours']],
    ['a table that is cut off', signed([2, 'signature']).subarray(0, -8), ['signatur']],
  ])('%s', (_what, file, signatures) => {
    expect(readPeSignatures(file).map(String)).toEqual(signatures);
  });

  test('comes to an end whatever the lengths say', () => {
    const file = signed([2, 'abc']);
    file.writeUInt32LE(0, stub().length);
    expect(readPeSignatures(file).map(String)).toEqual(['']);
  });
});
