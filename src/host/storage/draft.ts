import { deviceTag } from '../../config/device-path.ts';
import type { BlockDevice } from '../ports.ts';
import type { PlanContext, StepText } from '../resource.ts';
import type { BlockedChange, HostAction, HostStep } from '../step.ts';
import { describeSignature } from './signature.ts';

/** A partition that may grow. */
export interface ObservedGrowth {
  readonly device: BlockDevice | undefined;
  /** The disk the partition is on. */
  readonly disk: BlockDevice | undefined;
  readonly mountPoint: string | undefined;
}

/** What this host keeps to open an encrypted device with. `pending`: a key that has not opened it yet. */
export type KeptKey = 'none' | 'pending' | 'declared' | 'other';

export interface ObservedStorage {
  /** By the name in the config: a path, `/dev/md/NAME` for an array; undefined when it is not there. */
  readonly devices: ReadonlyMap<string, BlockDevice | undefined>;
  /** By the name in the config: a device or mount point. */
  readonly growth: ReadonlyMap<string, ObservedGrowth>;
  /** By the name of an encrypted device. */
  readonly keys: ReadonlyMap<string, KeptKey>;
}

/** True for a disk of the system, and for its partitions: nothing of them is given away. Pure. */
export function isOwn({ table, partOf }: BlockDevice): boolean {
  return [partOf, ...(table?.partitions ?? [])].some((partition) => partition?.name?.startsWith('berth-') === true);
}

/** What a change is about. */
export interface Subject {
  readonly key: string;
  readonly subject: string;
}

/** The step that makes a device. `isKept`: it brings up what is there already, with all that is on it. */
export interface Maker {
  readonly id: string;
  readonly isKept: boolean;
}

/** Steps for disks, and what is held back, while a plan is made. */
export class StorageDraft {
  readonly steps: HostStep[] = [];
  readonly blocked: BlockedChange[] = [];
  readonly observed: ObservedStorage;
  readonly context: PlanContext;
  readonly #makers = new Map<string, Maker>();

  constructor(observed: ObservedStorage, context: PlanContext) {
    this.observed = observed;
    this.context = context;
  }

  add(action: HostAction, text: Omit<StepText, 'cost'>): void {
    this.steps.push(this.context.step(action, text));
  }

  device(name: string): BlockDevice | undefined {
    return this.observed.devices.get(name);
  }

  /** Notes that a step of this plan makes a device. */
  makes(device: string, maker: Maker): void {
    this.#makers.set(deviceTag(device), maker);
  }

  makerOf(device: string): Maker | undefined {
    return this.#makers.get(deviceTag(device));
  }

  /** True when what is on a device may be lost. */
  mayDestroy(name: string, device: BlockDevice): boolean {
    return this.context.mayDestroy(name, device.path, device.partOf?.disk ?? device.path);
  }

  /** Whether what is on a device may be replaced; when not, that is noted. */
  mayReplace(name: string, device: BlockDevice, overwrite: boolean, about: Subject, mayDestroy: boolean): boolean {
    if (isOwn(device)) {
      this.refuse(about, `${name} is a part of the system itself`, 'name another device');
      return false;
    }
    const held = describeSignature(device.signature);
    if (held !== undefined && !overwrite) {
      this.refuse(about, `${name} holds ${held}, which nothing says may be lost`, 'say "overwrite: true" if it may');
      return false;
    }
    if (mayDestroy) return true;
    const why = `${name} is written over on the first apply only${held === undefined ? '' : `; it holds ${held}`}`;
    this.blocked.push({ ...about, why, until: 'destroy', hint: `berth apply --destroy ${name}` });
    return false;
  }

  missing(about: Subject, device: string): void {
    const hint = 'it is looked for again later';
    this.blocked.push({ ...about, why: `${device} is not there`, until: 'device', hint });
  }

  refuse(about: Subject, why: string, hint: string): void {
    this.blocked.push({ ...about, why, until: 'config', hint });
  }
}
