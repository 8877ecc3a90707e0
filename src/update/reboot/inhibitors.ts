import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { BerthError } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import { isMissing, writeDurably } from '../../engine/durable-file.ts';
import type { Inhibitor } from './inhibitor.ts';

/** A wish is renewed by whoever still has it; one that is forgotten ends by itself. */
export const longestInhibitorMs = 24 * 3_600_000;
const most = 64;
const longestName = 64;
const longestReason = 200;

interface Stored {
  /** Of this form; another one is not understood. */
  readonly version: 1;
  readonly inhibitors: readonly Inhibitor[];
}

/** Who postpones restarts. Outlives the agent and the boot; what has expired vanishes. */
export class Inhibitors {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #onChange: () => void;
  #held: readonly Inhibitor[] = [];
  readonly #saving = new Turns();

  private constructor(path: string, clock: Pick<Clock, 'now'>, onChange: () => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Reads what was kept in the state directory. `onChange`: somebody's wish came or went; not that it expired. */
  static async open(
    stateDirectory: string,
    clock: Pick<Clock, 'now'>,
    onChange: () => void = () => undefined,
  ): Promise<Inhibitors> {
    const inhibitors = new Inhibitors(join(stateDirectory, 'reboot-inhibitors.json'), clock, onChange);
    inhibitors.#held = await readStored(inhibitors.#path);
    return inhibitors;
  }

  /** Those that count now, the one that lasts longest last. */
  list(): readonly Inhibitor[] {
    const now = this.#clock.now();
    const latest = now + longestInhibitorMs;
    this.#held = this.#held
      .filter(({ untilMs }) => untilMs > now)
      // Made while the clock was wrong.
      .map((one) => (one.untilMs > latest ? { ...one, untilMs: latest } : one))
      .toSorted((a, b) => a.untilMs - b.untilMs);
    return this.#held;
  }

  /**
   * Postpones restarts, or for another time by the same one; durable when it resolves.
   * @param forMs 24 hours at most. Throws USAGE for that, a name or a reason that will not do, and too many of them.
   */
  async add(who: string, why: string, forMs: number): Promise<Inhibitor> {
    checkLine(who, 'who', longestName);
    checkLine(why, 'why', longestReason);
    if (!(forMs > 0 && forMs <= longestInhibitorMs))
      throw new BerthError('USAGE', 'a restart is postponed for 24 hours at most', { hint: 'renew it in time' });
    const others = this.list().filter((one) => one.who !== who);
    if (others.length >= most) throw new BerthError('USAGE', `${most} others postpone restarts already`);
    const inhibitor = { who, why, untilMs: this.#clock.now() + forMs };
    this.#held = [...others, inhibitor];
    await this.#save();
    return inhibitor;
  }

  /** Ends somebody's wish; durable when it resolves. @returns false when there was none. */
  async remove(who: string): Promise<boolean> {
    const held = this.list();
    const others = held.filter((one) => one.who !== who);
    if (others.length === held.length) return false;
    this.#held = others;
    await this.#save();
    return true;
  }

  async #save(): Promise<void> {
    this.#onChange();
    await this.#saving.take(async () => {
      const stored: Stored = { version: 1, inhibitors: this.#held };
      await mkdir(dirname(this.#path), { recursive: true });
      await writeDurably(this.#path, `${JSON.stringify(stored)}\n`);
    });
  }
}

function checkLine(text: string, name: string, longest: number): void {
  if (text.trim() === '' || text.length > longest || /\p{Cc}/u.test(text))
    throw new BerthError('USAGE', `"${name}" must be one line of 1 to ${longest} characters`);
}

async function readStored(path: string): Promise<readonly Inhibitor[]> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as Stored | { readonly version?: undefined };
    return stored.version === 1 ? stored.inhibitors : [];
  } catch (error) {
    // Whoever still wants it renews it.
    if (isMissing(error) || error instanceof SyntaxError) return [];
    throw error;
  }
}
