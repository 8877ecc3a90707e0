import { parentPort, workerData } from 'node:worker_threads';
import { isBerthError } from '../../core/errors.ts';
import { SlotChecker } from './slot-checker.ts';
import type { ThreadAnswer, ThreadRequest, ThreadSetup } from './slot-lane.ts';
import { SlotWriter } from './slot-writer.ts';

/** What a thread for slots runs: it answers one request after the other. Started by {@link SlotLane}. */

let subject: SlotChecker | SlotWriter | undefined;

function subjectOf(setup: ThreadSetup): SlotChecker | SlotWriter {
  return setup.kind === 'check' ? new SlotChecker(setup.target, setup.leaves) : new SlotWriter(setup);
}

function answer({ kind, input }: ThreadRequest): ThreadAnswer {
  try {
    subject ??= subjectOf(workerData as ThreadSetup);
    const method: unknown = Reflect.get(subject, kind);
    if (typeof method !== 'function') throw new Error(`this thread does not ${kind}`);
    return { value: Reflect.apply(method, subject, input) as unknown };
  } catch (error) {
    if (!isBerthError(error)) throw error;
    // The class does not survive the way to another thread.
    return { failure: { code: error.code, message: error.message } };
  }
}

parentPort?.on('message', (request: ThreadRequest) => parentPort?.postMessage(answer(request)));
