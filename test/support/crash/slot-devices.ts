import { BerthError, messageOf } from '../../../src/core/errors.ts';
import * as real from '../../../src/update/transfer/slot-file.ts';
import { freeFrame, unpackFrame } from '../../../src/update/transfer/unpack-frame.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import type { Medium } from './medium.ts';

/** Bytes of a sector: what a power cut does not tear. */
const sectorBytes = 512;
/** More than the slots here have. */
const mostBlocks = 32;

/** A partition that is read and written past every cache. */
export interface SlotDevice {
  read(into: Uint8Array, position: number): number;
  write(from: Uint8Array, position: number): number;
  sync(): void;
}

/** The cells of a slot. */
export function slotCells(content: Uint8Array): Map<string, string> {
  const cells = new Map<string, string>();
  for (let at = 0; at < content.length; at += sectorBytes)
    cells.set(`slot:${at / sectorBytes}`, Buffer.from(content.subarray(at, at + sectorBytes)).toString('latin1'));
  return cells;
}

/** A slot's bytes from the beginning. */
export function slotContent(cells: ReadonlyMap<string, string>, bytes: number): Buffer {
  const sectors = Array.from({ length: bytes / sectorBytes }, (_, sector) => cells.get(`slot:${sector}`) ?? '');
  return Buffer.from(sectors.join(''), 'latin1');
}

/** A slot whose sectors are cells of a medium. */
export class MediumSlot implements SlotDevice {
  readonly #medium: Medium;
  readonly #bytes: number;

  constructor(medium: Medium, bytes: number) {
    this.#medium = medium;
    this.#bytes = bytes;
  }

  read(into: Uint8Array, position: number): number {
    this.#medium.operation('read: slot');
    const length = Math.min(into.length, this.#bytes - position);
    for (let at = 0; at < length; at += sectorBytes) {
      const sector = this.#medium.cells.get(`slot:${(position + at) / sectorBytes}`) ?? '';
      into.set(Buffer.from(sector, 'latin1'), at);
    }
    return Math.max(0, length);
  }

  write(from: Uint8Array, position: number): number {
    this.#medium.operation('write slot');
    const cells = slotCells(from);
    const first = position / sectorBytes;
    const updates = [...cells.values()].map((value, sector) => [`slot:${first + sector}`, value] as const);
    this.#medium.write({ part: 'slot', kind: 'data', owner: '' }, ...updates);
    return from.length;
  }

  sync(): void {
    this.#medium.flush('slot', ({ part }) => part === 'slot');
  }
}

/** A slot that nobody writes. */
export class FixedSlot implements SlotDevice {
  readonly #content: Uint8Array;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  read(into: Uint8Array, position: number): number {
    const part = this.#content.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  write(): never {
    throw new Error('the running slot is written');
  }

  sync(): void {
    throw new Error('the running slot is written');
  }
}

/** Devices by their paths. Of those that were attached later, files that are open see nothing. */
export class SlotDevices {
  readonly #devices = new Map<string, SlotDevice>();

  attach(path: string, device: SlotDevice): void {
    this.#devices.set(path, device);
  }

  at(path: string): SlotDevice | undefined {
    return this.#devices.get(path);
  }
}

let unpacked: Promise<unknown> = Promise.resolve();

/** What stands in for unpack-frame.ts: one part after the other, in the order in which they are asked for, so that all is written in the same order each time. */
export const orderedUnpacking = {
  unpackFrame: async (...frame: Parameters<typeof unpackFrame>) => {
    const next = unpacked.then(async () => unpackFrame(...frame));
    unpacked = next;
    return next;
  },
  freeFrame,
};

/** What stands in for slot-file.ts: the same class for devices in memory, with the same errors. */
export function slotFileModule(devices: SlotDevices): Pick<typeof real, 'SlotFile' | 'alignedBlocks' | 'piecesOf'> {
  class MemorySlotFile {
    readonly path: string;
    readonly #device: SlotDevice;

    constructor(path: string) {
      this.path = path;
      const device = devices.at(path);
      if (device === undefined) throw new BerthError('HOST_REFUSED', `${path}: there is no such device`);
      this.#device = device;
    }

    async read(into: Uint8Array, block: number): Promise<void> {
      if (this.#attempt(() => this.#device.read(into, block * blockBytes)) < into.length)
        throw new BerthError('HOST_REFUSED', `${this.path} ends before block ${block} does`);
    }

    async write(from: Uint8Array, block: number): Promise<void> {
      this.#attempt(() => this.#device.write(from, block * blockBytes));
    }

    async sync(): Promise<void> {
      this.#attempt(() => this.#device.sync());
    }

    async close(): Promise<void> {}

    #attempt<Result>(action: () => Result): Result {
      try {
        return action();
      } catch (cause) {
        const code = Reflect.get(Object(cause), 'code') === 'ENOSPC' ? 'DISK_FULL' : 'HOST_REFUSED';
        throw new BerthError(code, `${this.path}: ${messageOf(cause)}`, { cause });
      }
    }
  }
  // Big buffers would be most of the work.
  const alignedBlocks = (blocks: number): Uint8Array => real.alignedBlocks(Math.min(blocks, mostBlocks));
  return { ...real, alignedBlocks, SlotFile: MemorySlotFile as unknown as typeof real.SlotFile };
}
