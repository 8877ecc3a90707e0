import { type PeLayout, readPeLayout } from '../../src/boot/pe.ts';
import { type PeSection, sectionHeaderBytes } from '../../src/boot/pe-sections.ts';
import { BerthError } from '../../src/core/errors.ts';

/** IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ. */
const readOnlyData = 0x40000040;

/**
 * A PE file with more read-only sections at its end, each on a page of its own, as `objcopy --add-section` and ukify make them.
 * Throws CONFIG_INVALID when the file is no PE file or its headers have no room. Pure.
 */
export function appendPeSections(file: Buffer, sections: readonly PeSection[]): Buffer {
  const layout = readPeLayout(file);
  const tableEnd = layout.sectionTable + (layout.sectionCount + sections.length) * sectionHeaderBytes;
  if (tableEnd > layout.sizeOfHeaders) {
    throw new BerthError('CONFIG_INVALID', `the PE file's headers have no room for ${sections.length} sections more`);
  }
  const headers = Buffer.from(file.subarray(0, layout.sizeOfHeaders));
  const pieces: Buffer[] = [headers, padded(file.subarray(layout.sizeOfHeaders), layout.fileAlignment)];
  let filePosition = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let address = endOfMemory(file, layout);
  for (const [index, { name, data }] of sections.entries()) {
    const piece = padded(data, layout.fileAlignment);
    const header = layout.sectionTable + (layout.sectionCount + index) * sectionHeaderBytes;
    headers.fill(0, header, header + sectionHeaderBytes);
    headers.write(name, header, 8, 'latin1');
    headers.writeUInt32LE(data.length, header + 8);
    headers.writeUInt32LE(address, header + 12);
    headers.writeUInt32LE(piece.length, header + 16);
    headers.writeUInt32LE(filePosition, header + 20);
    headers.writeUInt32LE(readOnlyData, header + 36);
    pieces.push(piece);
    filePosition += piece.length;
    address = alignUp(address + data.length, layout.sectionAlignment);
  }
  headers.writeUInt16LE(layout.sectionCount + sections.length, layout.sectionCountOffset);
  headers.writeUInt32LE(address, layout.sizeOfImageOffset);
  return Buffer.concat(pieces);
}

function endOfMemory(file: Buffer, layout: PeLayout): number {
  let end = 0;
  for (let index = 0; index < layout.sectionCount; index++) {
    const header = layout.sectionTable + index * sectionHeaderBytes;
    end = Math.max(end, file.readUInt32LE(header + 12) + file.readUInt32LE(header + 8));
  }
  return alignUp(end, layout.sectionAlignment);
}

function padded(data: Buffer, alignment: number): Buffer {
  return Buffer.concat([data, Buffer.alloc(alignUp(data.length, alignment) - data.length)]);
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
