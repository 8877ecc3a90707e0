import type { Clock } from '../core/clock.ts';
import { Turns } from '../core/turns.ts';
import type { Remembered } from './executor.ts';
import type { Memory, ServiceMemory } from './model.ts';
import type { MemoryStore } from './ports.ts';

const saveDelayMs = 200;
/** What is to be remembered of a service whose failures are over. */
export const noFailures = { failures: undefined, retryAt: undefined, lastError: undefined } as const;

/** The reconciler's memory: changed at once here, saved a moment later, or at once where a crash must not lose it. */
export class MemoryKeeper {
  readonly #store: MemoryStore;
  readonly #clock: Clock;
  #memory: Memory = {};
  #saving: Promise<void> | undefined;
  readonly #writing = new Turns();
  #isDirty = false;

  constructor(store: MemoryStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    this.#memory = await this.#store.load();
  }

  get all(): Memory {
    return this.#memory;
  }

  of(service: string): ServiceMemory {
    return this.#memory[service] ?? {};
  }

  /** Fields set to undefined are forgotten. */
  remember(service: string, change: Remembered): void {
    const merged = { ...this.of(service), ...change };
    const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as ServiceMemory;
    this.#memory = { ...this.#memory, [service]: kept };
    this.#isDirty = true;
    this.#saving ??= this.#saveSoon();
  }

  forget(service: string): void {
    if (!(service in this.#memory)) return;
    this.#memory = Object.fromEntries(Object.entries(this.#memory).filter(([name]) => name !== service));
    this.#isDirty = true;
    this.#saving ??= this.#saveSoon();
  }

  /** Durable when it resolves. Saves one at a time, whoever asks. */
  async flush(): Promise<void> {
    await this.#writing.take(() => this.#write());
  }

  async #write(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      try {
        await this.#store.save(this.#memory);
      } catch (error) {
        // The next save tries again.
        this.#isDirty = true;
        throw error;
      }
    }
  }

  async #saveSoon(): Promise<void> {
    await this.#clock.sleep(saveDelayMs);
    this.#saving = undefined;
    // A full disk must not stop the reconciler.
    await this.flush().catch(() => undefined);
  }
}
