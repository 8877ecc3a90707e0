/** A medium as it can be read. */
export type ReadBytes = (offset: number, length: number) => Buffer;

/** A file of a directory, with its content as far as its chain of clusters leads. */
export interface FatFileContent {
  /** The long name, else the short one. */
  readonly name: string;
  readonly content: Buffer;
}

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly cluster: number;
  readonly size: number;
}

const entryBytes = 32;
const attributes = { longName: 0x0f, label: 0x08, directory: 0x10 } as const;
/** Bits of the byte that Windows NT put beside the attributes: the stem or the ending is in small letters. */
const small = { stem: 0x08, ending: 0x10 } as const;
const endOfChain = 0x0ffffff8;

/** Reads FAT32 as a firmware does, whatever state it is in. Source: Microsoft's FAT specification of 2000. */
export class FatReader {
  readonly #read: ReadBytes;
  readonly #clusterBytes: number;
  readonly #tableStart: number;
  readonly #dataStart: number;
  readonly #root: number;

  /** @param read of the partition, from its beginning. */
  constructor(read: ReadBytes) {
    this.#read = read;
    const boot = read(0, 512);
    const sectorBytes = boot.readUInt16LE(11);
    this.#clusterBytes = boot.readUInt8(13) * sectorBytes;
    this.#tableStart = boot.readUInt16LE(14) * sectorBytes;
    this.#dataStart = this.#tableStart + boot.readUInt8(16) * boot.readUInt32LE(36) * sectorBytes;
    this.#root = boot.readUInt32LE(44);
  }

  /** The files of a directory; none when it is not there. `path` has slashes between the names. */
  files(path: string): FatFileContent[] {
    let cluster = this.#root;
    for (const part of path.split('/')) {
      const found: Entry | undefined = this.#entries(cluster).find(
        ({ name, isDirectory }) => isDirectory && name.toLowerCase() === part.toLowerCase(),
      );
      if (found === undefined) return [];
      cluster = found.cluster;
    }
    return this.#entries(cluster)
      .filter(({ isDirectory }) => !isDirectory)
      .map(({ name, cluster: first, size }) => ({ name, content: this.#chain(first, size).subarray(0, size) }));
  }

  #entries(cluster: number): Entry[] {
    const bytes = this.#chain(cluster, Number.POSITIVE_INFINITY);
    const entries: Entry[] = [];
    let long: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += entryBytes) {
      const entry = bytes.subarray(at, at + entryBytes);
      const first = entry.readUInt8(0);
      if (first === 0) break;
      const kind = entry.readUInt8(11);
      if (first === 0xe5) long = [];
      else if (kind === attributes.longName) long = (first & 0x40) === 0 ? [...long, entry] : [entry];
      else {
        if ((kind & attributes.label) === 0)
          entries.push({
            name: longName(long, checksum(entry)) ?? shortName(entry),
            isDirectory: (kind & attributes.directory) !== 0,
            cluster: (entry.readUInt16LE(20) << 16) | entry.readUInt16LE(26),
            size: entry.readUInt32LE(28),
          });
        long = [];
      }
    }
    return entries;
  }

  #chain(first: number, mostBytes: number): Buffer {
    const parts: Buffer[] = [];
    const seen = new Set<number>();
    for (let cluster = first; cluster >= 2 && cluster < endOfChain && !seen.has(cluster); ) {
      if (parts.length * this.#clusterBytes >= mostBytes) break;
      const next = this.#read(this.#tableStart + cluster * 4, 4).readUInt32LE(0) & 0x0fffffff;
      // A cluster that the table calls free is of no file.
      if (next === 0) break;
      seen.add(cluster);
      parts.push(this.#read(this.#dataStart + (cluster - 2) * this.#clusterBytes, this.#clusterBytes));
      cluster = next;
    }
    return Buffer.concat(parts);
  }
}

/** The entries before a short one, the last part of the name first; undefined when they do not belong to it, or some are missing. */
function longName(parts: readonly Buffer[], wanted: number): string | undefined {
  if (parts.length === 0 || ((parts[0]?.readUInt8(0) ?? 0) & 0x3f) !== parts.length) return undefined;
  const isWhole = parts.every(
    (part, index) => (part.readUInt8(0) & 0x3f) === parts.length - index && part.readUInt8(13) === wanted,
  );
  if (!isWhole) return undefined;
  const text = parts
    .toReversed()
    .map((part) => Buffer.concat([part.subarray(1, 11), part.subarray(14, 26), part.subarray(28, 32)]))
    .map((part) => part.toString('utf16le'))
    .join('');
  return text.replace(/\0[\s\S]*$/, '');
}

function shortName(entry: Buffer): string {
  const [stem, ending] = [entry.toString('latin1', 0, 8).trimEnd(), entry.toString('latin1', 8, 11).trimEnd()];
  const cases = entry.readUInt8(12);
  const own = (cases & small.stem) === 0 ? stem : stem.toLowerCase();
  const end = (cases & small.ending) === 0 ? ending : ending.toLowerCase();
  return end === '' ? own : `${own}.${end}`;
}

/** Of the short name, as its long one has it. */
function checksum(entry: Buffer): number {
  let sum = 0;
  for (const byte of entry.subarray(0, 11)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}
