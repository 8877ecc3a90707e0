import { hash } from 'node:crypto';
import { apply, type Cells, type CellUpdate, type MediumEvent } from './medium.ts';

/** What a power cut leaves. */
export interface CrashState {
  readonly cells: Cells;
  /** What had been promised by then. */
  readonly promised: ReadonlySet<string>;
  /** After so many events of the log. */
  readonly at: number;
  /** What became of the writes that nothing had flushed. */
  readonly how: string;
}

type Write = Extract<MediumEvent, { kind: 'write' }>;

/** Of so many writes on their way, each set of survivors is tried; of more, the classes that {@link survivors} names. */
const mostForAll = 10;

/**
 * All states that a power cut may leave, after each event of a log, none twice. Of the writes that nothing had flushed, any may have
 * reached the medium, in any order, and the sectors of one may be torn apart at any place.
 */
export function* crashStates(initial: Cells, log: readonly MediumEvent[]): Generator<CrashState> {
  const durable = new Map(initial);
  const promised = new Set<string>();
  const seen = new Seen();
  let pending: Write[] = [];
  for (const [index, event] of [undefined, ...log].entries()) {
    if (event?.kind === 'write') pending.push(event);
    if (event?.kind === 'promise') promised.add(event.name);
    if (event?.kind === 'flush') {
      for (const write of pending) if (event.covers(write.tag)) apply(durable, write.updates);
      pending = pending.filter(({ tag }) => !event.covers(tag));
    }
    const sum = seen.sumOf(durable);
    for (const { updates, how } of outcomes(pending)) {
      if (!seen.isNew(durable, sum, updates, promised)) continue;
      const cells = new Map(durable);
      apply(cells, updates);
      yield { cells, promised: new Set(promised), at: index, how };
    }
  }
}

interface Outcome {
  readonly updates: readonly CellUpdate[];
  readonly how: string;
}

function* outcomes(pending: readonly Write[]): Generator<Outcome> {
  for (const kept of survivors(pending.length)) {
    const updates = pending.flatMap((write, index) => (kept.has(index) ? write.updates : []));
    yield { updates, how: `${kept.size} of ${pending.length} unflushed kept: ${[...kept].join(' ')}` };
  }
  for (const [torn, { updates }] of pending.entries()) {
    const others = (keepsOthers: boolean, own: readonly CellUpdate[]): CellUpdate[] =>
      pending.flatMap((write, index) => (index === torn ? own : keepsOthers ? write.updates : []));
    for (let cut = 1; cut < updates.length; cut += 1) {
      const how = `write ${torn} of ${pending.length} torn at sector ${cut} of ${updates.length}`;
      yield { updates: others(true, updates.slice(0, cut)), how: `${how}, its beginning kept` };
      yield { updates: others(false, updates.slice(0, cut)), how: `${how}, its beginning kept alone` };
      yield { updates: others(true, updates.slice(cut)), how: `${how}, its end kept` };
    }
  }
}

/** Which writes survive: every set of a few; of many, all but one, one alone, the first ones, the last ones, none and all. */
function* survivors(count: number): Generator<ReadonlySet<number>> {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count <= mostForAll) {
    for (let mask = 0; mask < 2 ** count; mask += 1) yield new Set(all.filter((index) => (mask >> index) % 2 === 1));
    return;
  }
  yield new Set();
  yield new Set(all);
  for (const one of all) {
    yield new Set([one]);
    yield new Set(all.filter((index) => index !== one));
    yield new Set(all.slice(0, one));
    yield new Set(all.slice(one));
  }
}

/** Tells states that were there already, by a sum over all cells that changes with each. */
class Seen {
  readonly #sums = new Map<string, bigint>();
  readonly #states = new Set<string>();

  sumOf(cells: Cells): bigint {
    return [...cells].reduce((sum, [cell, value]) => sum ^ this.#sumOf(cell, value), 0n);
  }

  /** @param sum of `before`, over which the updates come. */
  isNew(before: Cells, sum: bigint, updates: readonly CellUpdate[], promised: ReadonlySet<string>): boolean {
    let after = sum;
    for (const [cell, value] of new Map(updates))
      after ^= this.#sumOf(cell, before.get(cell)) ^ this.#sumOf(cell, value);
    const state = `${after} ${[...promised].join(' ')}`;
    if (this.#states.has(state)) return false;
    this.#states.add(state);
    return true;
  }

  #sumOf(cell: string, value: string | undefined): bigint {
    if (value === undefined) return 0n;
    const key = `${cell}=${value}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const sum = BigInt(`0x${hash('sha256', key).slice(0, 24)}`);
    this.#sums.set(key, sum);
    return sum;
  }
}
