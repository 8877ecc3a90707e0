/** Seconds between the Unix epoch and VHD's, 2000-01-01. */
const vhdEpochSeconds = 946_684_800;
const footerBytes = 512;
const sectorBytes = 512;

/**
 * The footer that makes a raw disk a fixed VHD: append it. Source: Microsoft, "Virtual Hard Disk Image Format Specification"
 * 1.0, "Hard Disk Footer Format". Azure wants `diskBytes` to be a multiple of 1 MiB. Pure.
 * @param id 16 bytes, the disk's unique id.
 */
export function vhdFooter(diskBytes: number, createdSeconds: number, id: Buffer): Buffer {
  const footer = Buffer.alloc(footerBytes);
  footer.write('conectix', 0, 'latin1');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x0001_0000, 12);
  footer.fill(0xff, 16, 24);
  footer.writeUInt32BE(Math.max(0, createdSeconds - vhdEpochSeconds), 24);
  footer.write('brth', 28, 'latin1');
  footer.writeUInt32BE(0x0001_0000, 32);
  footer.write('Wi2k', 36, 'latin1');
  footer.writeBigUInt64BE(BigInt(diskBytes), 40);
  footer.writeBigUInt64BE(BigInt(diskBytes), 48);
  const { cylinders, heads, sectors } = geometryOf(diskBytes);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectors, 59);
  footer.writeUInt32BE(2, 60);
  id.copy(footer, 68, 0, 16);
  const sum = footer.reduce((total, byte) => total + byte, 0);
  footer.writeUInt32BE(~sum >>> 0, 64);
  return footer;
}

/** The specification's appendix "CHS Calculation". */
function geometryOf(diskBytes: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(Math.floor(diskBytes / sectorBytes), 65_535 * 16 * 255);
  const build = (heads: number, sectors: number) => ({
    cylinders: Math.floor(total / sectors / heads),
    heads,
    sectors,
  });
  if (total >= 65_535 * 16 * 63) return build(16, 255);
  const perTrack = Math.floor(total / 17);
  const heads = Math.max(4, Math.floor((perTrack + 1023) / 1024));
  if (perTrack < heads * 1024 && heads <= 16) return build(heads, 17);
  const wider = Math.floor(total / 31);
  return wider < 16 * 1024 ? build(16, 31) : build(16, 63);
}
