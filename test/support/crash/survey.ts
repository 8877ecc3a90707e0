import { seededRandom } from '../random.ts';
import { afterTry } from './boot-model.ts';
import { blessFaultsOf, faultsOf, type Situation, unblessed, unconverged } from './crash-check.ts';
import { type CrashState, crashStates } from './crash-states.ts';
import type { Cells, MediumEvent } from './medium.ts';
import { renamed, SmallHost, shown } from './small-host.ts';

/** What a host did to its medium, and how what a power cut leaves of it is judged. */
export interface Recording {
  readonly initial: Cells;
  readonly log: readonly MediumEvent[];
  /** At once. */
  faultsOf(state: CrashState): string[];
  /** Once the host goes on. */
  unconverged(state: CrashState): Promise<string[]>;
  /** The medium at the end. */
  readonly end: Cells;
}

/** A release is brought to the other slot. */
export async function recordUpdate(situation: Situation, initial: Cells): Promise<Recording> {
  const host = new SmallHost(situation.parts, initial, situation.running);
  await host.bring(situation.next);
  return {
    ...{ initial, log: host.medium.log, end: host.medium.cells },
    faultsOf: (state) => faultsOf(state, situation),
    unconverged: async (state) => unconverged(state, situation),
  };
}

/** The release that was brought boots and is blessed. */
export async function recordBlessing(situation: Situation, updated: Cells): Promise<Recording> {
  const [first] = shown(updated);
  if (first === undefined) throw new Error('nothing can be booted');
  const initial = renamed(updated, first.name, afterTry(first.entry));
  const host = new SmallHost(situation.parts, initial, situation.running);
  await host.bless(situation.next.name);
  return {
    ...{ initial, log: host.medium.log, end: host.medium.cells },
    faultsOf: (state) => blessFaultsOf(state, situation),
    unconverged: async (state) => unblessed(state, situation),
  };
}

export interface Survey {
  readonly states: number;
  /** With the state that has it: the first few. */
  readonly faults: readonly string[];
}

const mostFaults = 5;

/**
 * Judges all states that a power cut may leave: at once, and when there is no fault, once the host went on.
 * @param step of so many states, one goes on.
 */
export async function survey(recording: Recording, step = 1): Promise<Survey> {
  const states = [...crashStates(recording.initial, recording.log)];
  const faults: string[] = [];
  const note = (state: CrashState, found: readonly string[]): void => {
    const where = `after ${state.at} of ${recording.log.length} events: ${state.how}`;
    faults.push(...found.map((fault) => `${fault} (${where})`));
  };
  for (const state of states) note(state, recording.faultsOf(state));
  for (const [index, state] of states.entries()) {
    if (faults.length > 0) break;
    if (index % step === 0) note(state, await comesToFaults(recording, state));
  }
  return { states: states.length, faults: faults.slice(0, mostFaults) };
}

/** The same for a host whose recovery is cut, too: some states, all cuts of their recovery. */
export async function surveyTwice(
  situation: Situation,
  recording: Recording,
  count: number,
  seed: number,
): Promise<Survey> {
  const random = seededRandom(seed);
  const all = [...crashStates(recording.initial, recording.log)];
  const faults: string[] = [];
  let states = 0;
  for (let drawn = 0; drawn < count; drawn += 1) {
    const first = all[Math.floor(random() * all.length)];
    if (first === undefined) break;
    const again = await recordUpdate(situation, first.cells);
    for (const second of crashStates(first.cells, again.log)) {
      states += 1;
      const how = `${first.how}, then after ${second.at} events: ${second.how}`;
      faults.push(...again.faultsOf(second).map((fault) => `${fault} (${how})`));
    }
  }
  return { states, faults: faults.slice(0, mostFaults) };
}

async function comesToFaults(recording: Recording, state: CrashState): Promise<string[]> {
  try {
    return await recording.unconverged(state);
  } catch (error) {
    return [`it does not converge: ${String(error)}`];
  }
}
