import { type BootEntry, entryName, isRelease } from '../../boot/boot-entry.ts';
import type { BootLoader, KernelImage } from '../../boot/boot-loader.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import type { Reason } from '../../core/plan.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import { stateSchema } from '../state-schema.ts';
import type { SlotFacts } from '../transfer/artifacts.ts';
import type { TransferProgress, WrittenSlot } from '../transfer/transfer-options.ts';
import type { ReleaseSource } from './release-source.ts';
import { nextState, type UpdateEvent, type UpdateState, type UpdateTarget } from './update-state.ts';

/** Tries that a new release has: UAPI.1, Boot Loader Specification, "Boot counting". */
const tries = 3;

/** The release that runs, and where. */
export interface RunningRelease extends SlotFacts {
  /** Its entry's, without counter and ending. */
  readonly name: string;
  readonly version: string;
  /** Its slot's partition. */
  readonly device: string;
}

/** The slot that does not run. */
export interface TargetSlot {
  readonly device: string;
  readonly bytes: number;
}

export interface UpdaterDependencies {
  readonly running: RunningRelease;
  readonly target: TargetSlot;
  readonly loader: BootLoader;
  readonly writeSlot: (order: SlotOrder) => Promise<WrittenSlot>;
  /** A release's kernel image, from the cheapest place. */
  readonly kernel: (order: Pick<UpdateOrder, 'source' | 'manifest'>, signal: AbortSignal) => Promise<KernelImage>;
  /** Whether the running release has proved itself: until then, the other slot is what this host would go back to. */
  readonly isBlessed: () => boolean;
  /** What else must hold before a release is taken. */
  readonly admit?: (manifest: ReleaseManifest) => Promise<void>;
  /** Brings what else is to boot with a release that is activated. Does not reject: the release boots without it, too. */
  readonly accompany?: (name: string) => Promise<void>;
  /** Bytes a second; undefined: as fast as it goes. */
  readonly rateLimit: () => number | undefined;
  /** Told once what is staged will be booted. */
  readonly onStaged: (target: UpdateTarget, atMs: number) => Promise<void>;
  readonly onStep: (step: UpdateStepReport) => void;
  readonly clock: Clock;
}

/** What is to be written to the other slot: see `writeSlot`. */
export interface SlotOrder extends Pick<UpdateOrder, 'manifest' | 'source' | 'onProgress'> {
  readonly target: string;
  readonly seed: RunningRelease;
  /** Bytes a second. */
  readonly rateLimit?: number;
  readonly signal: AbortSignal;
}

/** A part of an update that is over. */
export interface UpdateStepReport {
  readonly kind: 'clear-slot' | 'write-slot' | 'place-kernel' | 'activate-release';
  readonly target: UpdateTarget;
  readonly reason: Reason;
  readonly summary: string;
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: string;
}

/** What is to be brought to the other slot. */
export interface UpdateOrder {
  readonly target: UpdateTarget;
  readonly manifest: ReleaseManifest;
  readonly source: ReleaseSource;
  readonly reason: Reason;
  readonly onProgress: (progress: TransferProgress) => void;
  /** Called at the last moment before anything is changed: throws what keeps this from happening. */
  readonly confirm?: () => void;
}

const whyBusy: Readonly<Record<UpdateState['kind'], string>> = {
  idle: 'there is no update',
  looking: 'this host asks for releases',
  clearing: 'a release is being fetched',
  writing: 'a release is being fetched',
  placing: 'a release is being fetched',
  activating: 'a release is being activated',
  staged: 'a release waits for the restart',
  restarting: 'this host restarts into a release',
};

/**
 * Brings a release to the slot that does not run, and lets the boot loader see it. The order of its durable writes makes it atomic:
 * see docs/update-states.md. One call at a time.
 */
export class Updater {
  readonly #deps: UpdaterDependencies;
  readonly #listeners = new Set<(state: UpdateState) => void>();
  #state: UpdateState = { kind: 'idle' };

  constructor(deps: UpdaterDependencies) {
    this.#deps = deps;
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Tells of each new state. @returns what ends it. */
  follow(listener: (state: UpdateState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something happens. Throws BUSY when it cannot in this state. */
  take(event: UpdateEvent): void {
    const next = nextState(this.#state, event);
    if (next === undefined)
      throw new BerthError('BUSY', whyBusy[this.#state.kind], {
        retryable: true,
        hint: 'berth os status shows how far it is, berth os cancel ends it',
      });
    this.#state = next;
    for (const listener of this.#listeners) listener(next);
  }

  /** Takes up what an agent before this one left: what is staged is told by the boot loader's entries. */
  async settle(known: readonly (UpdateTarget & { readonly atMs: number })[]): Promise<void> {
    const { clock } = this.#deps;
    const staged = (await this.#others()).find(({ tries: counted }) => counted !== undefined && counted.left > 0);
    if (staged === undefined) return;
    const unknown = { version: staged.version, sequence: 0, digest: '', rootHash: '', atMs: clock.now() };
    const { atMs, ...target } = known.findLast(({ version }) => version === staged.version) ?? unknown;
    this.#state = { kind: 'staged', target, sinceMs: atMs };
  }

  /**
   * Takes releases away that did not start in all their tries, once the running one has proved itself. `tell` is called for each before
   * it goes: once it is gone, nothing else says that it failed.
   */
  async clearUsedUp(tell: (entry: BootEntry) => Promise<void>): Promise<void> {
    const { loader, running } = this.#deps;
    if (this.#state.kind !== 'idle') return;
    const usedUp = (await this.#others()).filter(({ tries: counted }) => counted?.left === 0);
    for (const entry of usedUp) await tell(entry);
    if (usedUp.length > 0) await loader.clear(running.name);
  }

  /**
   * From the first check to the activation. Throws what the parts throw; then the boot loader knows the running release only, and what
   * was written serves the next attempt. Rejects with the signal's reason until it is activated.
   */
  async bring(order: UpdateOrder, signal: AbortSignal): Promise<WrittenSlot> {
    const { loader, clock, onStaged, accompany } = this.#deps;
    const { target } = order;
    await this.#require(order.manifest);
    // Whoever ended it meanwhile does not lose what is staged.
    signal.throwIfAborted();
    order.confirm?.();
    this.take({ kind: 'take', target });
    try {
      await this.#step('clear-slot', order, async () => this.#clear());
      this.take({ kind: 'cleared' });
      signal.throwIfAborted();
      const written = await this.#step('write-slot', order, async () => this.#write(order, signal));
      this.take({ kind: 'written' });
      await this.#step('place-kernel', order, async () => this.#place(order, signal));
      this.take({ kind: 'placed' });
      signal.throwIfAborted();
      // Before it can boot: should it fail, the host must know which one that was.
      const atMs = clock.now();
      await onStaged(target, atMs);
      await this.#step('activate-release', order, async () => loader.activate(entryName(target.version), tries));
      await accompany?.(entryName(target.version));
      this.take({ kind: 'activated', atMs });
      return written;
    } catch (error) {
      // It may have been the activation's own flush that failed: whether it holds is not known, so it must not.
      await loader.clear(this.#deps.running.name).catch(() => undefined);
      this.take({ kind: 'failed' });
      throw error;
    }
  }

  /** Drops what is staged. Throws HOST_REFUSED; then it is still staged. */
  async drop(): Promise<void> {
    if (this.#state.kind !== 'staged') return;
    await this.#deps.loader.clear(this.#deps.running.name);
    this.take({ kind: 'dropped' });
  }

  /** Before anything is written: what would fail later. */
  async #require(manifest: ReleaseManifest): Promise<void> {
    const { version, usr, uki, stateSchema: schema } = manifest;
    const { isBlessed, running, target, loader, admit } = this.#deps;
    if (!isBlessed())
      throw new BerthError('BUSY', `${running.version} has not proved itself: the other slot is kept to go back to`, {
        retryable: true,
        hint: 'berth os status shows what it lacks; berth os bless keeps it',
      });
    if (entryName(version) === running.name)
      throw new BerthError('CONFIG_INVALID', `${version} is what this host runs, with other content`, {
        hint: 'a release needs a version of its own',
      });
    if (stateSchema < schema.from || stateSchema > schema.to)
      throw new BerthError(
        'UNSUPPORTED',
        `${version} reads state of the forms ${schema.from} to ${schema.to}, this host has ${stateSchema}`,
      );
    if (usr.bytes > target.bytes)
      throw new BerthError(
        'DISK_FULL',
        `${version} needs a slot of ${usr.bytes} bytes, ${target.device} has ${target.bytes}`,
      );
    const room = await loader.room(running.name);
    if (uki.bytes > room)
      throw new BerthError(
        'DISK_FULL',
        `the kernel of ${version} has ${uki.bytes} bytes, the EFI system partition ${room} left`,
      );
    await admit?.(manifest);
  }

  /** Entries of other releases than the running one. */
  async #others(): Promise<readonly BootEntry[]> {
    const { loader, running } = this.#deps;
    return (await loader.entries()).filter(({ name }) => isRelease(name) && name !== running.name);
  }

  async #clear(): Promise<void> {
    const { loader, running } = this.#deps;
    await loader.clear(running.name);
    const others = await this.#others();
    if (others.length > 0)
      throw new BerthError('HOST_REFUSED', `the boot loader still sees ${others.map(({ file }) => file).join(', ')}`);
  }

  async #write({ manifest, source, onProgress }: UpdateOrder, signal: AbortSignal): Promise<WrittenSlot> {
    const { running, target, writeSlot, rateLimit } = this.#deps;
    const limit = rateLimit();
    return writeSlot({
      ...{ manifest, source, onProgress, signal },
      target: target.device,
      seed: running,
      ...(limit === undefined ? {} : { rateLimit: limit }),
    });
  }

  async #place(order: UpdateOrder, signal: AbortSignal): Promise<void> {
    const { loader, kernel } = this.#deps;
    await loader.stage(entryName(order.manifest.version), tries, await kernel(order, signal));
  }

  async #step<Result>(
    kind: UpdateStepReport['kind'],
    { target, reason }: UpdateOrder,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { clock, onStep } = this.#deps;
    const since = clock.now();
    const tell = (error?: string): void => {
      const summary = `${kind} for ${target.version}`;
      onStep({
        ...{ kind, target, reason, summary },
        durationMs: clock.now() - since,
        ...(error === undefined ? {} : { error }),
      });
    };
    try {
      const result = await work();
      tell();
      return result;
    } catch (error) {
      tell(messageOf(error));
      throw error;
    }
  }
}
