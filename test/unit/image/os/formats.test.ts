import { describe, expect, test } from '@jest/globals';
import { withContentId } from '../../../../image/os/formats.ts';
import { readGpt } from '../../../../image/os/gpt.ts';
import { vhdFooter } from '../../../../image/os/vhd.ts';

describe('vhdFooter', () => {
  const id = Buffer.alloc(16, 0xab);
  const footer = vhdFooter(2050 * 2 ** 20, 946_684_800 + 5, id);

  test('says what the disk is', () => {
    expect(footer).toHaveLength(512);
    expect(footer.toString('latin1', 0, 8)).toBe('conectix');
    expect([footer.readUInt32BE(24), footer.readUInt32BE(60)]).toEqual([5, 2]);
    expect([footer.readBigUInt64BE(40), footer.readBigUInt64BE(48)]).toEqual([2_149_580_800n, 2_149_580_800n]);
    expect(footer.subarray(68, 84).equals(id)).toBe(true);
  });

  test("has a checksum that is the complement of the other bytes' sum", () => {
    const sum = footer.reduce((total, byte, index) => (index >= 64 && index < 68 ? total : total + byte), 0);
    expect(footer.readUInt32BE(64)).toBe(~sum >>> 0);
  });

  test.each([
    [32, 963, 4, 17],
    [2050, 4165, 16, 63],
    [200_000, 65_535, 16, 255],
  ])('a disk of %d MiB has the geometry %d/%d/%d', (mebibytes, cylinders, heads, sectors) => {
    const { 56: high = 0, 57: low = 0, 58: headCount, 59: sectorCount } = vhdFooter(mebibytes * 2 ** 20, 0, id);
    expect([high * 256 + low, headCount, sectorCount]).toEqual([cylinders, heads, sectors]);
  });
});

describe('readGpt', () => {
  const head = Buffer.alloc(34 * 512);
  head.write('EFI PART', 512, 'latin1');
  head.writeBigUInt64LE(2n, 512 + 72);
  head.writeUInt32LE(128, 512 + 80);
  head.writeUInt32LE(128, 512 + 84);
  const entry = 1024 + 128;
  Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex').copy(head, entry);
  Buffer.from('000027be00000040800000000000000a', 'hex').copy(head, entry + 16);
  head.writeBigUInt64LE(2048n, entry + 32);
  head.writeBigUInt64LE(4095n, entry + 40);
  head.write('berth-esp', entry + 56, 'utf16le');

  test('reads the entries that are in use', () => {
    expect(readGpt(head)).toEqual([
      {
        number: 2,
        name: 'berth-esp',
        type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
        id: 'BE270000-0000-4000-8000-00000000000A',
        startBytes: 2 ** 20,
        sizeBytes: 2 ** 20,
      },
    ]);
  });

  test('refuses a disk without one', () => {
    expect(() => readGpt(Buffer.alloc(34 * 512))).toThrow('no disk with a GUID partition table');
  });
});

describe('the content id of a vmdk', () => {
  test.each(['deadbeef', '7f3a2', '0'])('%s becomes ours', (drawn) => {
    const descriptor = `# Disk DescriptorFile\nversion=1\nCID=${drawn}\nparentCID=ffffffff\n`;
    expect(withContentId(descriptor)).toBe('# Disk DescriptorFile\nversion=1\nCID=be278000\nparentCID=ffffffff\n');
  });

  test('is missed when it is not there', () => {
    expect(() => withContentId('# Disk DescriptorFile\nparentCID=ffffffff\n')).toThrow('no content id');
  });
});
