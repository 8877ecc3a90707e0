import { open } from 'node:fs/promises';
import type { LoggedWrite } from '../../../image/vm/write-log.ts';
import { afterTry, type ShownEntry, shownEntries } from '../../support/crash/boot-model.ts';
import type { CrashState } from '../../support/crash/crash-states.ts';
import type { Cells, CellUpdate, MediumEvent } from '../../support/crash/medium.ts';
import type { SmallRelease } from '../../support/crash/releases.ts';
import { FatReader, type ReadBytes } from './fat-reader.ts';
import { startOf } from './update-disk.ts';
import { markPrefix } from './update-marks.ts';

const sectorBytes = 512;
const mostTries = 3;

/** What QEMU recorded, as events of a medium whose cells are the disk's sectors. Marks become promises. */
export async function eventsOf(log: readonly LoggedWrite[], logFile: string): Promise<MediumEvent[]> {
  const events: MediumEvent[] = [];
  const file = await open(logFile);
  try {
    for (const [index, write] of log.entries()) {
      // A flush that carries data says nothing about its own data.
      if (write.isFlush) events.push({ kind: 'flush', name: 'disk', covers: () => true });
      if (write.kind !== 'write') continue;
      const bytes = Buffer.alloc(write.length);
      await file.read(bytes, 0, write.length, write.dataOffset);
      const mark = bytes.toString('latin1', 0, markPrefix.length) === markPrefix;
      if (mark) {
        events.push({ kind: 'promise', name: /^.*$/m.exec(bytes.toString('latin1', markPrefix.length))?.[0] ?? '' });
        continue;
      }
      const owner = String(index);
      events.push({
        kind: 'write',
        tag: { part: 'disk', kind: 'data', owner },
        updates: sectorsOf(write.offset, bytes),
      });
      if (write.isForced) events.push({ kind: 'flush', name: 'forced', covers: (tag) => tag.owner === owner });
    }
  } finally {
    await file.close();
  }
  return events;
}

/** Reads what a disk holds: at first `base`, over which sectors were written. */
export function readerOf(base: Buffer, cells: Cells): ReadBytes {
  return (offset, length) => {
    const bytes = Buffer.from(base.subarray(offset, offset + length));
    const first = Math.floor(offset / sectorBytes);
    for (let sector = first; sector * sectorBytes < offset + length; sector += 1) {
      const written = cells.get(`sector:${sector}`);
      if (written === undefined) continue;
      const from = Math.max(0, offset - sector * sectorBytes);
      const at = Math.max(0, sector * sectorBytes - offset);
      Buffer.from(written, 'latin1').copy(bytes, at, from);
    }
    return bytes;
  };
}

/** Makes a disk of a state in a file that holds `base`. */
export async function materialize(path: string, cells: Cells): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const [cell, value] of cells) {
      const sector = Number(cell.slice('sector:'.length));
      await file.write(Buffer.from(value, 'latin1'), 0, sectorBytes, sector * sectorBytes);
    }
  } finally {
    await file.close();
  }
}

/** What a disk holds of releases, and what the boot loader would make of it. */
export class SmallDiskView {
  readonly entries: readonly ShownEntry[];
  readonly #read: ReadBytes;
  readonly #releases: readonly SmallRelease[];

  constructor(read: ReadBytes, releases: readonly SmallRelease[]) {
    this.#read = read;
    this.#releases = releases;
    const esp = new FatReader((offset, length) => read(startOf('berth-esp') + offset, length));
    this.entries = shownEntries(esp.files('EFI/Linux'), versionInside);
  }

  /** The release that an entry boots; undefined when its kernel, or each slot, is not what it was made. */
  releaseOf({ content }: ShownEntry): SmallRelease | undefined {
    const release = this.#releases.find(({ uki }) => uki.equals(content));
    if (release === undefined) return undefined;
    const isIn = (slot: 'berth-a' | 'berth-b'): boolean =>
      this.#read(startOf(slot), release.slot.length).equals(release.slot);
    return isIn('berth-a') || isIn('berth-b') ? release : undefined;
  }

  /** What the boot loader takes by itself. */
  get next(): SmallRelease | undefined {
    const [first] = this.entries;
    return first === undefined ? undefined : this.releaseOf(first);
  }
}

/** What must not be while release 3 is brought to a host of release 2, boots and is blessed, and release 4 is brought then. */
export function faultsOf({ promised }: Pick<CrashState, 'promised'>, view: SmallDiskView): string[] {
  const { entries, next } = view;
  if (entries.length === 0) return ['nothing can be booted'];
  const faults = entries
    .filter((entry) => view.releaseOf(entry) === undefined)
    .map(({ name }) => `${name} is shown and is no whole release`);
  const least = promised.has('blessed 3.0.0') ? 3 : 2;
  if (next !== undefined && next.sequence < least) faults.push(`${next.version} is older than what runs`);
  const staged = promised.has('staged 4.0.0')
    ? 4
    : promised.has('staged 3.0.0') && !promised.has('boots 3.0.0')
      ? 3
      : 0;
  if (staged !== 0 && next?.sequence !== staged) faults.push(`${staged}.0.0 was staged, and is not booted next`);
  if (next !== undefined && next.sequence > 2 && !promised.has(`taken ${next.version}`))
    faults.push(`${next.version} boots, and the host would not know which one failed`);
  const mayStay = (release: SmallRelease): boolean => release.sequence === 3 && promised.has('boots 3.0.0');
  return [...faults, ...neverBack(view, least, mayStay)];
}

/** Boots again and again what never comes up. @param mayStay what was well is being blessed. */
function neverBack(view: SmallDiskView, least: number, mayStay: (release: SmallRelease) => boolean): string[] {
  let entries = view.entries;
  for (let boots = 0; ; boots += 1) {
    const [first] = entries;
    const release = first === undefined ? undefined : view.releaseOf(first);
    if (first === undefined || release === undefined || release.sequence <= least) return [];
    const name = afterTry(first.entry);
    if (name === first.name) return mayStay(release) ? [] : [`${first.name} is bad, and is booted for ever`];
    if (boots > 2 * mostTries) return [`${first.name} is bad, and is booted ${boots} times`];
    entries = shownEntries(
      entries.map((entry) => (entry === first ? { name, content: entry.content } : entry)),
      versionInside,
    );
  }
}

function versionInside(content: Buffer): string {
  return /^VERSION_ID=(\S+)$/m.exec(content.toString('latin1'))?.[1] ?? '';
}

function sectorsOf(offset: number, bytes: Buffer): CellUpdate[] {
  const updates: CellUpdate[] = [];
  for (let at = 0; at < bytes.length; at += sectorBytes)
    updates.push([`sector:${(offset + at) / sectorBytes}`, bytes.toString('latin1', at, at + sectorBytes)]);
  return updates;
}
