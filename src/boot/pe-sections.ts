import { readPeLayout } from './pe.ts';

/** A section of a Portable Executable file. Source: Microsoft's "PE Format", section table. */
export interface PeSection {
  readonly name: string;
  readonly data: Buffer;
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
