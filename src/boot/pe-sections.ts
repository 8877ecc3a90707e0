import { BerthError } from '../core/errors.ts';

/** A section of a Portable Executable file. Source: Microsoft's "PE Format", section table. */
export interface PeSection {
  readonly name: string;
  readonly data: Buffer;
}

/** Where its parts are. */
export interface PeLayout {
  readonly sectionCountOffset: number;
  readonly sectionTable: number;
  readonly sectionCount: number;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  readonly sizeOfImageOffset: number;
  readonly sizeOfHeaders: number;
}

export const sectionHeaderBytes = 40;

/**
 * The sections of a PE file, with as many bytes as each has in memory; of a file's beginning, with those that are in it.
 * Throws CONFIG_INVALID for anything else. Pure.
 */
export function readPeSections(file: Buffer): PeSection[] {
  const layout = readPeLayout(file);
  return Array.from({ length: layout.sectionCount }, (_, index) => {
    const header = layout.sectionTable + index * sectionHeaderBytes;
    const virtualSize = file.readUInt32LE(header + 8);
    const rawSize = file.readUInt32LE(header + 16);
    const start = file.readUInt32LE(header + 20);
    return {
      name: file.toString('latin1', header, header + 8).replace(/\0+$/, ''),
      data: file.subarray(start, start + Math.min(virtualSize, rawSize)),
    };
  });
}

/** Throws CONFIG_INVALID when it is no PE file. Pure. */
export function readPeLayout(file: Buffer): PeLayout {
  const pe = file.length > 64 ? file.readUInt32LE(0x3c) : 0;
  if (file.toString('latin1', 0, 2) !== 'MZ' || file.toString('latin1', pe, pe + 4) !== 'PE\0\0') {
    throw new BerthError('CONFIG_INVALID', 'this is no PE file');
  }
  const optional = pe + 24;
  return {
    sectionCountOffset: pe + 6,
    sectionCount: file.readUInt16LE(pe + 6),
    sectionTable: optional + file.readUInt16LE(pe + 20),
    sectionAlignment: file.readUInt32LE(optional + 32),
    fileAlignment: file.readUInt32LE(optional + 36),
    sizeOfImageOffset: optional + 56,
    sizeOfHeaders: file.readUInt32LE(optional + 60),
  };
}
