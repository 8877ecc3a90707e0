import { SlotChecker } from './slot-checker.ts';
import { SlotWriter, type WriterOptions } from './slot-writer.ts';

/** What a thread is started for. */
export interface ThreadSetup {
  /** Path of the slot. */
  readonly target: string;
  /** Digests of all its data blocks, in shared memory. */
  readonly leaves: Uint8Array;
  /** Absent: it is only read. */
  readonly write?: Omit<WriterOptions, 'target'>;
}

const checkerCalls = ['seal', 'digest', 'read'] as const;

/** What a thread can be asked. */
export type ThreadCalls = Pick<SlotWriter, 'former' | 'begin' | 'kept' | 'write' | 'finish' | 'readSeed'> &
  Pick<SlotChecker, (typeof checkerCalls)[number]>;

/** Does what a thread is asked for. Segments are written beside each other and what is read back, which is one thing after the other. */
export class SlotCalls {
  readonly #setup: ThreadSetup;
  #writer: SlotWriter | undefined;
  #checker: SlotChecker | undefined;
  #checked: Promise<unknown> = Promise.resolve();

  constructor(setup: ThreadSetup) {
    this.#setup = setup;
  }

  /** Rejects with what the method throws, with an Error when the thread has not been started for that. */
  async call(kind: keyof ThreadCalls, input: readonly unknown[]): Promise<unknown> {
    if (!checkerCalls.some((call) => call === kind)) return apply(this.#writing(), kind, input);
    const checked = this.#checked.then(async () => apply(this.#checking(), kind, input));
    this.#checked = checked.catch(() => undefined);
    return checked;
  }

  #checking(): SlotChecker {
    this.#checker ??= new SlotChecker(this.#setup.target, this.#setup.leaves);
    return this.#checker;
  }

  #writing(): SlotWriter {
    const { target, write } = this.#setup;
    if (write === undefined) throw new Error('this thread does not write');
    this.#writer ??= new SlotWriter({ target, ...write });
    return this.#writer;
  }
}

function apply(subject: SlotWriter | SlotChecker, kind: keyof ThreadCalls, input: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(subject, kind);
  if (typeof method !== 'function') throw new Error(`there is no ${kind}`);
  return Reflect.apply(method, subject, input) as unknown;
}
