import { BerthError, isBerthError } from '../../../src/core/errors.ts';
import { SlotCalls, type ThreadCalls, type ThreadSetup } from '../../../src/update/transfer/slot-calls.ts';

/** Does in this thread what {@link SlotLane} has done in one of its own: the order of all writes is the same each time. */
export class InProcessLane {
  readonly #calls: SlotCalls;

  constructor(setup: ThreadSetup) {
    this.#calls = new SlotCalls(setup);
  }

  async call<Kind extends keyof ThreadCalls>(
    kind: Kind,
    ...input: Parameters<ThreadCalls[Kind]>
  ): Promise<Awaited<ReturnType<ThreadCalls[Kind]>>> {
    try {
      return (await this.#calls.call(kind, input)) as Awaited<ReturnType<ThreadCalls[Kind]>>;
    } catch (error) {
      if (!isBerthError(error)) throw error;
      throw new BerthError(error.code, error.message);
    }
  }

  async close(): Promise<void> {}
}
