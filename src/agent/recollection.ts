import { systemEngineSettings } from '../engine/engine-settings.ts';
import type { ServiceReconciler } from '../services/service-reconciler.ts';
import type { Declaration, Prepared } from './declaration.ts';
import { declareServices } from './declare-services.ts';
import type { EngineSet } from './engine-set.ts';
import type { GenerationStore } from './generation-store.ts';
import type { Machine } from './machine.ts';
import type { Os } from './own-os.ts';
import { type ReleaseReturn, releaseReturn } from './release-generation.ts';

export interface RecollectionDependencies {
  readonly reconciler: ServiceReconciler;
  readonly declaration: Declaration;
  readonly generations: GenerationStore;
  readonly engines: EngineSet;
  readonly machine: Machine;
  readonly os?: Os;
}

/** What was declared before this agent was started. */
export class Recollection {
  readonly #deps: RecollectionDependencies;
  #recalled: Prepared | undefined;

  constructor(deps: RecollectionDependencies) {
    this.#deps = deps;
  }

  /** Remembers what was declared last, and does nothing about it. */
  async recall(): Promise<void> {
    const { reconciler, declaration, generations } = this.#deps;
    await reconciler.load();
    const current = generations.current();
    if (current === undefined) return;
    this.#recalled = declaration.prepare({ generation: current.number }, reconciler.desired);
    declaration.take(this.#recalled, current.number);
  }

  /** What is declared belongs to an OS release that was taken back: where to return to. */
  async releaseReturn(): Promise<ReleaseReturn | undefined> {
    const { os, generations } = this.#deps;
    if (os === undefined) return undefined;
    return releaseReturn(generations.list(), (await os.osHistory()).toReversed(), os.summary.version);
  }

  /** Takes up what was recalled. */
  async resume(): Promise<void> {
    const { engines, machine, os, reconciler } = this.#deps;
    const prepared = this.#recalled;
    if (prepared === undefined) return;
    await engines.configure(systemEngineSettings(prepared.config));
    await machine.bring(prepared.config, { previous: prepared.config, boot: true }, () => undefined);
    await os?.volumes.declare(prepared.desired);
    // Nothing changed: what differs from the declaration now is drift, or the boot's doing.
    const change = { causes: {}, removals: prepared.change.removals };
    declareServices(engines, reconciler, prepared.desired, change);
  }
}
