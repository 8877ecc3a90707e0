import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';
import { BerthError } from '../../../src/core/errors.ts';
import { fetchSlot, kernelOf } from '../../../src/update/machine/fetch.ts';
import type { UpdateTarget } from '../../../src/update/machine/update-state.ts';
import { Updater } from '../../../src/update/machine/updater.ts';
import type { WrittenSlot } from '../../../src/update/transfer/transfer-options.ts';
import { never, stoppedClock } from '../../unit/update/transfer/support/slots.ts';
import { openFirmware } from '../open-firmware.ts';
import { type ShownEntry, shownEntries } from './boot-model.ts';
import { clusterBytes, contentOf, filesOf, longCell, shortCell } from './fat-cells.ts';
import { type Cells, Medium } from './medium.ts';
import { MemoryEsp } from './memory-esp.ts';
import { type SmallRelease, ukiClusters, versionInside } from './releases.ts';
import { FixedSlot, MediumSlot, type SlotDevices, slotCells, slotContent } from './slot-devices.ts';

const entryDirectory = 'EFI/Linux';
/** No more than two kernel images have room. */
const espClusters = 2 * ukiClusters;
const memoryCell = 'memory';
const [runningDevice, otherDevice] = ['/slots/running', '/slots/other'];
/** What the other slot is longer than a release. */
const slack = 4096;

/** Where the small releases come from, and how their slots are reached. */
export interface SmallHostParts {
  readonly releases: Parameters<typeof fetchSlot>[0]['source']['artifacts'];
  readonly devices: SlotDevices;
}

/** Where the running kernel image is copied to, outside of the medium. */
const kernelCopy = join(tmpdir(), `berth-crash-${process.pid}`);

/** A host with two slots and an EFI partition, all on one medium; the running release's slot is not on it. */
export class SmallHost {
  readonly medium: Medium;
  readonly loader: SystemdBoot;
  readonly updater: Updater;
  readonly #parts: SmallHostParts;

  /** @param name the entry's that it runs from, when it is not the release's. */
  constructor(parts: SmallHostParts, cells: Cells, running: SmallRelease, name = running.name) {
    this.#parts = parts;
    this.medium = new Medium(cells);
    this.loader = new SystemdBoot(new MemoryEsp(this.medium, espClusters));
    const bytes = running.slot.length + slack;
    const { rootHash, dataBlocks, version } = running;
    this.updater = new Updater({
      running: { name, version, rootHash, dataBlocks, device: runningDevice },
      target: { device: otherDevice, bytes },
      loader: this.loader,
      writeSlot: async (order) => {
        parts.devices.attach(runningDevice, new FixedSlot(running.slot));
        parts.devices.attach(otherDevice, new MediumSlot(this.medium, bytes));
        return fetchSlot(order, stoppedClock);
      },
      kernel: async (order, signal) =>
        kernelOf(
          order,
          { loader: this.loader, name: running.name, file: kernelCopy, gate: openFirmware, clock: stoppedClock },
          signal,
        ),
      isBlessed: () => true,
      rateLimit: () => undefined,
      onStaged: async (target) => this.#remember(target),
      onStep: () => undefined,
      clock: stoppedClock,
    });
  }

  /** As an agent does that has just begun: takes up what is staged, then brings the release. */
  async bring(release: SmallRelease): Promise<WrittenSlot> {
    // An agent goes on when its disk says nothing; one whose disk is well must see what is staged.
    await this.updater.settle(taken(this.medium.cells)).catch((error: unknown) => {
      if (this.medium.fault === undefined) throw error;
    });
    if (this.updater.state.kind === 'idle') this.updater.take({ kind: 'look' });
    const source = {
      artifacts: this.#parts.releases,
      look: notAsked,
      manifest: notAsked,
      images: notAsked,
      close: () => undefined,
    };
    const { target, manifest } = release;
    const reason = { kind: 'operator', command: 'update', who: 'a test' } as const;
    const written = await this.updater.bring({ target, manifest, source, reason, onProgress: () => undefined }, never);
    this.medium.promise('staged');
    return written;
  }

  async bless(name: string): Promise<void> {
    await this.loader.bless(name);
    this.medium.promise('blessed');
  }

  /** Durable when it resolves, as the agent's store is. */
  async #remember(target: UpdateTarget): Promise<void> {
    const known = [...taken(this.medium.cells), { ...target, atMs: 0 }];
    this.medium.write({ part: 'memory', kind: 'memory', owner: '' }, [memoryCell, JSON.stringify(known)]);
    try {
      this.medium.flush('memory', ({ part }) => part === 'memory');
    } catch (cause) {
      const code = Reflect.get(Object(cause), 'code') === 'ENOSPC' ? 'DISK_FULL' : 'HOST_REFUSED';
      throw new BerthError(code, 'what was staged cannot be remembered', { cause });
    }
  }
}

/** The releases that a host remembers to have activated. */
export function taken(cells: Cells): (UpdateTarget & { readonly atMs: number })[] {
  return JSON.parse(cells.get(memoryCell) ?? '[]') as (UpdateTarget & { readonly atMs: number })[];
}

/** What the boot loader shows, the one that it boots by itself first. */
export function shown(cells: Cells): ShownEntry[] {
  const files = filesOf(cells, entryDirectory).map((file) => ({ name: file.name, content: contentOf(cells, file) }));
  return shownEntries(files, versionInside);
}

/** The names in the directory of entries, sorted. */
export function filesIn(cells: Cells): string[] {
  return filesOf(cells, entryDirectory)
    .map(({ name }) => name)
    .sort();
}

/** Another name for a file, as the firmware writes it when a try is counted. */
export function renamed(cells: Cells, from: string, to: string): Cells {
  const file = filesOf(cells, entryDirectory).find(({ name }) => name === from);
  return file === undefined ? cells : new Map([...cells, [longCell(file), to]]);
}

/** Whether the slot that does not run holds all of a release. */
export function otherSlotIs(cells: Cells, { slot }: SmallRelease): boolean {
  return slotContent(cells, slot.length).equals(slot);
}

/** A host as it is before an update. */
export function cellsOf(
  entries: readonly { readonly file: string; readonly release: SmallRelease }[],
  otherSlot: Uint8Array,
): Map<string, string> {
  const cells = slotCells(Buffer.concat([otherSlot, new Uint8Array(slack)]));
  for (const [slot, { file, release }] of entries.entries()) {
    const place = { directory: entryDirectory, slot };
    const first = 1 + slot * ukiClusters;
    cells.set(longCell(place), file);
    cells.set(
      shortCell(place),
      JSON.stringify({ short: `BERTH_~${slot + 1}.EFI`, start: first, size: release.uki.length }),
    );
    for (let at = 0; at < ukiClusters; at += 1) {
      const part = release.uki.subarray(at * clusterBytes, (at + 1) * clusterBytes);
      cells.set(`data:${first + at}`, part.toString('latin1'));
      cells.set(`chain:${first + at}`, String(at + 1 < ukiClusters ? first + at + 1 : -1));
    }
  }
  return cells;
}

/** How many clusters no file has, though they are taken. */
export function lostClusters(cells: Cells): number {
  const taken = [...cells.keys()].filter((cell) => cell.startsWith('chain:')).length;
  const owned = filesOf(cells, entryDirectory).reduce((sum, { size }) => sum + Math.ceil(size / clusterBytes), 0);
  return taken - owned;
}

async function notAsked(): Promise<never> {
  throw new Error('the repository is not asked here');
}
