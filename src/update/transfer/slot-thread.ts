import { parentPort, workerData } from 'node:worker_threads';
import { isBerthError } from '../../core/errors.ts';
import { SlotCalls, type ThreadSetup } from './slot-calls.ts';
import type { ThreadAnswer, ThreadRequest } from './slot-lane.ts';

/** What a thread for slots runs: it answers requests when they are done. Started by {@link SlotLane}. */

const calls = new SlotCalls(workerData as ThreadSetup);

async function answer({ id, kind, input }: ThreadRequest): Promise<ThreadAnswer> {
  try {
    return { id, value: await calls.call(kind, input) };
  } catch (error) {
    if (!isBerthError(error)) throw error;
    // The class does not survive the way to another thread.
    return { id, failure: { code: error.code, message: error.message } };
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
