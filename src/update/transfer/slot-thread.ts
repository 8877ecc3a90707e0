import { parentPort, workerData } from 'node:worker_threads';
import { isBerthError } from '../../core/errors.ts';
import { SlotCalls, type ThreadSetup } from './slot-calls.ts';
import type { ThreadAnswer, ThreadRequest } from './slot-lane.ts';

/** What a thread for slots runs: it answers one request after the other. Started by {@link SlotLane}. */

const calls = new SlotCalls(workerData as ThreadSetup);

async function answer({ kind, input }: ThreadRequest): Promise<ThreadAnswer> {
  try {
    return { value: await calls.call(kind, input) };
  } catch (error) {
    if (!isBerthError(error)) throw error;
    // The class does not survive the way to another thread.
    return { failure: { code: error.code, message: error.message } };
  }
}

let answered: Promise<unknown> = Promise.resolve();

parentPort?.on('message', (request: ThreadRequest) => {
  answered = answered.then(async () => parentPort?.postMessage(await answer(request)));
});
