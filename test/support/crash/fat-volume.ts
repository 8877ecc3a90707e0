import {
  chainCell,
  clusterBytes,
  clustersOf,
  dataCell,
  endOfChain,
  type FatFile,
  filesOf,
  longCell,
  placeOf,
  type ShortEntry,
  shortCell,
  stateCell,
} from './fat-cells.ts';
import type { Cells, Medium, WriteTag } from './medium.ts';

type FilePlace = Pick<FatFile, 'directory' | 'slot'>;

/**
 * A mounted volume that writes as Linux' vfat does: what changes goes to a cache, and only a flush of the file, or of its directory,
 * takes the parts along that Linux' does (fs/fat/{file,namei_vfat,inode}.c).
 */
export class FatVolume {
  readonly #medium: Medium;
  readonly #clusters: number;

  constructor(medium: Medium, clusters: number) {
    this.#medium = medium;
    this.#clusters = clusters;
  }

  get cells(): Cells {
    return this.#medium.cells;
  }

  get isDirty(): boolean {
    return this.cells.get(stateCell) === 'dirty';
  }

  /** In the disk's cache at once, but not flushed. */
  setDirty(isDirty: boolean): void {
    this.#medium.write(tagOf('state', ''), [stateCell, isDirty ? 'dirty' : 'clean']);
  }

  files(directory: string): FatFile[] {
    return filesOf(this.cells, directory);
  }

  freeClusters(): number {
    return this.#clusters - this.#used().size;
  }

  create(directory: string, name: string): FilePlace {
    this.#medium.operation(`create ${name}`);
    const place = this.#freePlace(directory);
    this.#medium.write(tagOf('long-name', directory), [longCell(place), name]);
    this.#setEntry('short-entry', place, { short: this.#shortName(directory, name), start: 0, size: 0 });
    return place;
  }

  append(place: FilePlace, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += clusterBytes) {
      this.#medium.operation('append');
      const entry = this.#entryAt(place);
      const sector = Buffer.alloc(clusterBytes);
      sector.set(bytes.subarray(at, at + clusterBytes));
      const cluster = this.#allocate();
      const last = clustersOf(this.cells, entry).at(-1);
      this.#setChain(cluster, endOfChain);
      if (last !== undefined) this.#setChain(last, cluster);
      this.#medium.write(tagOf('data', placeOf(place)), [dataCell(cluster), sector.toString('latin1')]);
      const added = Math.min(clusterBytes, bytes.length - at);
      this.#setEntry('inode', place, { ...entry, start: entry.start || cluster, size: entry.size + added });
    }
  }

  /** Replaces bytes of a file's first sector. */
  patch(file: FatFile, bytes: Uint8Array): void {
    this.#medium.operation(`write ${file.name}`);
    const [cluster] = clustersOf(this.cells, file);
    // Beyond its end, it would grow.
    if (cluster === undefined) {
      this.append(file, bytes);
      return;
    }
    const sector = Buffer.from(this.cells.get(dataCell(cluster)) ?? '', 'latin1');
    sector.set(bytes);
    this.#medium.write(tagOf('data', placeOf(file)), [dataCell(cluster), sector.toString('latin1')]);
  }

  remove(file: FatFile): void {
    this.#medium.operation(`unlink ${file.name}`);
    this.#removeEntry(file);
    this.#free(file);
  }

  /** The new entry is made first, its cluster and size are the inode's, and follow when that is written. */
  rename(file: FatFile, name: string): void {
    const { directory, start, size } = file;
    const replaced = this.files(directory).find((one) => one.name === name);
    this.#medium.operation(`rename ${file.name}`);
    const place = replaced ?? this.create(directory, name);
    this.#setEntry('inode', place, { short: this.#entryAt(place).short, start, size });
    this.#removeEntry(file);
    if (replaced !== undefined) this.#free(replaced);
  }

  syncFile(place: FilePlace, what: string): void {
    this.#medium.flush(
      `${what}, the file`,
      ({ part, kind, owner }) =>
        isDevice(part, kind) || (part === 'esp' && owner === placeOf(place) && kind !== 'long-name'),
    );
  }

  syncDirectory(directory: string, what: string): void {
    this.#medium.flush(`${what}, the directory`, ({ part, kind, owner }) => {
      if (isDevice(part, kind)) return true;
      if (kind === 'long-name') return owner === directory;
      return kind === 'short-entry' && owner.startsWith(`${directory}:`);
    });
  }

  /** What `fsck.fat -a` mends: chains that end early, clusters of two files, names without entries, clusters of none. */
  repair(directories: readonly string[]): void {
    this.#medium.operation('repair');
    const owned = new Set<number>();
    for (const directory of directories) {
      for (const file of this.files(directory)) {
        const clusters = clustersOf(this.cells, file);
        const shared = clusters.findIndex((cluster) => owned.has(cluster));
        const own = shared < 0 ? clusters : clusters.slice(0, shared);
        for (const cluster of own) owned.add(cluster);
        const size = Math.min(file.size, own.length * clusterBytes);
        if (size !== file.size || (size === 0) !== (file.start === 0))
          this.#setEntry('short-entry', file, { short: file.short, start: own[0] ?? 0, size });
        const last = own.at(-1);
        if (last !== undefined && Number(this.cells.get(chainCell(last))) !== endOfChain)
          this.#setChain(last, endOfChain);
      }
      for (const cell of this.cells.keys()) {
        if (cell.startsWith(`long:${directory}:`) && !this.cells.has(cell.replace('long:', 'short:')))
          this.#medium.write(tagOf('long-name', directory), [cell, undefined]);
      }
    }
    for (const cluster of this.#used()) if (!owned.has(cluster)) this.#setChain(cluster, 0);
  }

  #used(): Set<number> {
    const used = new Set<number>();
    for (const cell of this.cells.keys()) if (cell.startsWith('chain:')) used.add(Number(cell.slice('chain:'.length)));
    return used;
  }

  #allocate(): number {
    const used = this.#used();
    for (let cluster = 1; cluster <= this.#clusters; cluster += 1) if (!used.has(cluster)) return cluster;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      errno: -28,
      syscall: 'write',
    });
  }

  #freePlace(directory: string): FilePlace {
    const taken = new Set(this.files(directory).map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return { directory, slot };
  }

  /** Like vfat_create_shortname(): the beginning, and a number. */
  #shortName(directory: string, name: string): string {
    const taken = new Set(this.files(directory).map(({ short }) => short));
    const dot = name.lastIndexOf('.');
    const stem = name.slice(0, dot).replaceAll('.', '').replaceAll('+', '_').slice(0, 6).toUpperCase();
    let number = 1;
    while (taken.has(`${stem}~${number}.EFI`)) number += 1;
    return `${stem}~${number}.EFI`;
  }

  #entryAt(place: FilePlace): ShortEntry {
    return JSON.parse(this.cells.get(shortCell(place)) ?? '{}') as ShortEntry;
  }

  #setEntry(kind: 'inode' | 'short-entry', place: FilePlace, { short, start, size }: ShortEntry): void {
    this.#medium.write(tagOf(kind, placeOf(place)), [shortCell(place), JSON.stringify({ short, start, size })]);
  }

  #removeEntry(place: FilePlace): void {
    this.#medium.write(tagOf('short-entry', placeOf(place)), [shortCell(place), undefined]);
    this.#medium.write(tagOf('long-name', place.directory), [longCell(place), undefined]);
  }

  #free(file: FatFile): void {
    for (const cluster of clustersOf(this.cells, file)) this.#setChain(cluster, 0);
  }

  #setChain(cluster: number, next: number): void {
    this.#medium.write(tagOf('chain', ''), [chainCell(cluster), next === 0 ? undefined : String(next)]);
  }
}

function tagOf(kind: WriteTag['kind'], owner: string): WriteTag {
  return { part: 'esp', kind, owner };
}

/** Every flush takes the chains along, and what is in the disk's cache already. */
function isDevice(part: WriteTag['part'], kind: WriteTag['kind']): boolean {
  return part === 'esp' && (kind === 'chain' || kind === 'state');
}
