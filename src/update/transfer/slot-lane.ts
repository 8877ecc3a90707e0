import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BerthError, type ErrorCode } from '../../core/errors.ts';
import type { ThreadCalls, ThreadSetup } from './slot-calls.ts';

export interface ThreadRequest {
  /** The answer has it, too. */
  readonly id: number;
  readonly kind: keyof ThreadCalls;
  readonly input: readonly unknown[];
}

export type ThreadAnswer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly failure: { readonly code: ErrorCode; readonly message: string } }
);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that works on a slot: disks are fastest by synchronous calls, and those must not hold up everything else. */
export class SlotLane {
  readonly #worker: Worker;
  /** By the requests' ids. */
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  /** Why there will be no more answers. */
  #end: Error | undefined;

  constructor(setup: ThreadSetup) {
    this.#worker = new Worker(threadFile, { workerData: setup });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('value' in answer) waiting?.resolve(answer.value);
      else waiting?.reject(new BerthError(answer.failure.code, answer.failure.message));
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#fail(new Error('the thread has ended')));
  }

  /**
   * Asks the thread, which may do several things at a time. Payloads go over to it: they are empty here afterwards. Rejects with what the
   * method throws.
   */
  async call<Kind extends keyof ThreadCalls>(
    kind: Kind,
    ...input: Parameters<ThreadCalls[Kind]>
  ): Promise<Awaited<ReturnType<ThreadCalls[Kind]>>> {
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#requests;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, kind, input } satisfies ThreadRequest, input.flatMap(ownBuffer));
    return (await answer) as Awaited<ReturnType<ThreadCalls[Kind]>>;
  }

  /** Ends the thread. What it is at is not waited for: a write that was begun may be whole, in part or not at all. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The memory of a payload, when it has all of it for itself. A copy would be garbage as big as all that is fetched. */
function ownBuffer(input: unknown): ArrayBuffer[] {
  if (typeof input !== 'object' || input === null || !('bytes' in input)) return [];
  const { bytes } = input;
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return [];
  return bytes.length === bytes.buffer.byteLength ? [bytes.buffer] : [];
}

/** In `dist/` each thread's program is a file beside this one's. */
const threadFile = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? 'slot-thread.ts' : 'slot-thread.js',
);
