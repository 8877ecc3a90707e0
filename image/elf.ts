/** What we need to know of an ELF file. Source: Tool Interface Standard, "Executable and Linking Format" 1.2; 64-bit little-endian. */
export interface ElfFile {
  /** DT_NEEDED: names of the shared libraries it is linked with. */
  readonly needed: readonly string[];
  /** PT_INTERP: the dynamic loader a program names; absent in libraries and static programs. */
  readonly interpreter?: string;
  /** Bytes up to the end of the last segment: what comes behind is symbols and section names, which nothing needs to run. */
  readonly loadedBytes: number;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

const segmentTypes = { load: 1, dynamic: 2, interpreter: 3 } as const;
const dynamicTags = { end: 0, needed: 1, stringTable: 5 } as const;

/** Reads an ELF file's program headers; undefined when it is no 64-bit little-endian ELF file. Pure. */
export function readElf(file: Buffer): ElfFile | undefined {
  const isElf = file.length > 64 && file.toString('latin1', 0, 4) === '\x7fELF' && file[4] === 2 && file[5] === 1;
  if (!isElf) return undefined;
  const segments = readSegments(file);
  const interpreter = segments.find(({ type }) => type === segmentTypes.interpreter);
  const dynamic = segments.find(({ type }) => type === segmentTypes.dynamic);
  return {
    needed: dynamic === undefined ? [] : neededLibraries(file, segments, dynamic),
    ...(interpreter === undefined ? {} : { interpreter: textAt(file, interpreter.offset) }),
    loadedBytes: Math.max(...segments.map(({ offset, fileSize }) => offset + fileSize)),
  };
}

/** The file without what its segments do not cover: symbols, debugging notes, the section table. Pure. */
export function stripElf(file: Buffer): Buffer {
  const elf = readElf(file);
  if (elf === undefined) return file;
  const stripped = Buffer.from(file.subarray(0, elf.loadedBytes));
  // e_shoff, e_shnum, e_shstrndx: there is no section table any more.
  stripped.writeBigUInt64LE(0n, 40);
  stripped.writeUInt16LE(0, 60);
  stripped.writeUInt16LE(0, 62);
  return stripped;
}

function readSegments(file: Buffer): Segment[] {
  const table = Number(file.readBigUInt64LE(32));
  const entrySize = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      fileSize: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function neededLibraries(file: Buffer, segments: readonly Segment[], dynamic: Segment): string[] {
  const names: number[] = [];
  let strings = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.fileSize; at += 16) {
    const tag = Number(file.readBigInt64LE(at));
    const value = Number(file.readBigUInt64LE(at + 8));
    if (tag === dynamicTags.end) break;
    if (tag === dynamicTags.needed) names.push(value);
    if (tag === dynamicTags.stringTable) strings = fileOffset(segments, value);
  }
  return names.map((name) => textAt(file, strings + name));
}

function fileOffset(segments: readonly Segment[], address: number): number {
  const segment = segments.find(
    (one) => one.type === segmentTypes.load && address >= one.address && address < one.address + one.fileSize,
  );
  return segment === undefined ? 0 : address - segment.address + segment.offset;
}

function textAt(file: Buffer, offset: number): string {
  return file.toString('latin1', offset, file.indexOf(0, offset));
}
