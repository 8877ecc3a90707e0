import { crc32 } from 'node:zlib';
import { deflate } from './deflate.ts';

/** The gzip form (RFC 1952) that Go's compress/gzip makes at its best level: no name, no time, system unknown. Pure. */
export function gzip(content: Uint8Array): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length % 2 ** 32, 4);
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]), deflate(content), trailer]);
}
