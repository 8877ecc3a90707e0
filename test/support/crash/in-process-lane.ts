import { BerthError, isBerthError } from '../../../src/core/errors.ts';
import { SlotChecker } from '../../../src/update/transfer/slot-checker.ts';
import type { ThreadCalls, ThreadSetup } from '../../../src/update/transfer/slot-lane.ts';
import { SlotWriter } from '../../../src/update/transfer/slot-writer.ts';

/** Does in this thread what {@link SlotLane} has done in one of its own: the order of all writes is the same each time. */
export class InProcessLane {
  readonly #setup: ThreadSetup;
  #subject: SlotChecker | SlotWriter | undefined;

  constructor(setup: ThreadSetup) {
    this.#setup = setup;
  }

  async call<Kind extends keyof ThreadCalls>(
    kind: Kind,
    ...input: Parameters<ThreadCalls[Kind]>
  ): Promise<ReturnType<ThreadCalls[Kind]>> {
    try {
      const setup = this.#setup;
      this.#subject ??= setup.kind === 'check' ? new SlotChecker(setup.target, setup.leaves) : new SlotWriter(setup);
      const method: unknown = Reflect.get(this.#subject, kind);
      if (typeof method !== 'function') throw new Error(`this thread does not ${kind}`);
      return Reflect.apply(method, this.#subject, input) as ReturnType<ThreadCalls[Kind]>;
    } catch (error) {
      if (!isBerthError(error)) throw error;
      throw new BerthError(error.code, error.message);
    }
  }

  async close(): Promise<void> {}
}
