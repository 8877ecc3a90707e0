import type { Cells } from './medium.ts';

/** A file system like FAT in cells: a file's name, its short entry, its chain of clusters and their data each reach the disk alone. */

/** Bytes of a cluster, and of a sector. */
export const clusterBytes = 512;
export const endOfChain = -1;

/** A directory's entry. */
export interface FatFile {
  readonly directory: string;
  /** Of the directory's. */
  readonly slot: number;
  /** The long name, else the short one. */
  readonly name: string;
  readonly short: string;
  /** 0: it has no cluster. */
  readonly start: number;
  readonly size: number;
}

/** What a short entry holds. */
export type ShortEntry = Pick<FatFile, 'short' | 'start' | 'size'>;

export const chainCell = (cluster: number): string => `chain:${cluster}`;
export const dataCell = (cluster: number): string => `data:${cluster}`;
export const placeOf = ({ directory, slot }: Pick<FatFile, 'directory' | 'slot'>): string => `${directory}:${slot}`;
export const shortCell = (file: Pick<FatFile, 'directory' | 'slot'>): string => `short:${placeOf(file)}`;
export const longCell = (file: Pick<FatFile, 'directory' | 'slot'>): string => `long:${placeOf(file)}`;
export const stateCell = 'state';

/** The entries of a directory; a long name without its short entry is none. */
export function filesOf(cells: Cells, directory: string): FatFile[] {
  const files: FatFile[] = [];
  for (const [cell, value] of cells) {
    if (!cell.startsWith(`short:${directory}:`)) continue;
    const slot = Number(cell.slice(cell.lastIndexOf(':') + 1));
    const entry = JSON.parse(value) as ShortEntry;
    files.push({ directory, slot, name: cells.get(longCell({ directory, slot })) ?? entry.short, ...entry });
  }
  return files.sort((one, other) => one.slot - other.slot);
}

/** The clusters of a file as far as its chain leads, at most so many as its size asks for. */
export function clustersOf(cells: Cells, { start, size }: Pick<FatFile, 'start' | 'size'>): number[] {
  const clusters: number[] = [];
  const most = Math.ceil(size / clusterBytes);
  for (let cluster = start; cluster > 0 && clusters.length < most; ) {
    const next = Number(cells.get(chainCell(cluster)) ?? 0);
    // A free cluster is not a part of a file, though an entry may say so.
    if (next === 0 || clusters.includes(cluster)) break;
    clusters.push(cluster);
    cluster = next;
  }
  return clusters;
}

/** A file's content as far as it can be read. */
export function contentOf(cells: Cells, file: Pick<FatFile, 'start' | 'size'>): Buffer {
  const parts = clustersOf(cells, file).map((cluster) =>
    Buffer.from(cells.get(dataCell(cluster)) ?? emptySector, 'latin1'),
  );
  return Buffer.concat(parts).subarray(0, file.size);
}

const emptySector = '\0'.repeat(clusterBytes);
