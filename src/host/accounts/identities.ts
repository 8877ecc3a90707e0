/** Which number belongs to which name, kept for good: files on the disk carry the numbers. */
export interface Identities {
  readonly users: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
}

/** Outlives boots and /etc. */
export const identitiesPath = '/var/lib/berth/identities.json';

/** Reads what {@link renderIdentities} wrote; a damaged text is nothing known. Pure. */
export function parseIdentities(text: string | undefined): Identities {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    const part = (name: string): Record<string, number> => {
      const entries: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
      const valid = Object.entries(entries ?? {}).filter(([, id]) => Number.isSafeInteger(id));
      return Object.fromEntries(valid);
    };
    return { users: part('users'), groups: part('groups') };
  } catch {
    return { users: {}, groups: {} };
  }
}

export function renderIdentities({ users, groups }: Identities): string {
  const sorted = (part: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ users: sorted(users), groups: sorted(groups) }, null, 2)}\n`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Debian's numbers (adduser.conf); groups that are not a user's own begin where the console's do. */
const ranges = {
  user: { from: 1000, to: 59_999 },
  group: { from: 2000, to: 59_999 },
  system: { from: 999, to: 100 },
} as const satisfies Record<string, Range>;

/** The numbers of one kind (users or groups) while accounts are made. */
export class Numbers {
  /** Number → who has it. */
  readonly #holders: Map<number, string>;
  /** Remembered also for names that are not declared now: their files may still be there. */
  readonly #known = new Map<string, number>();

  /**
   * @param present numbers of the base.
   * @param named numbers that were asked for by name.
   * @param remembered numbers from before; one that somebody else has now is forgotten.
   */
  constructor(
    present: ReadonlyMap<string, number>,
    named: readonly (readonly [string, number])[],
    remembered: Readonly<Record<string, number>>,
  ) {
    this.#holders = new Map([...present].map(([name, number]) => [number, name]));
    for (const [name, number] of [...named, ...Object.entries(remembered)]) {
      const holder = this.#holders.get(number);
      if (this.#known.has(name) || (holder !== undefined && holder !== name)) continue;
      this.#holders.set(number, name);
      this.#known.set(name, number);
    }
  }

  /** The name's number: the one it had, the preferred one, or the next free one of its range. */
  numberOf(name: string, range: keyof typeof ranges, preferred?: number): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const isFree = preferred !== undefined && !this.#holders.has(preferred);
    const number = isFree ? preferred : this.#next(ranges[range]);
    this.#holders.set(number, name);
    this.#known.set(name, number);
    return number;
  }

  get known(): Record<string, number> {
    return Object.fromEntries(this.#known);
  }

  #next({ from, to }: Range): number {
    const step = from < to ? 1 : -1;
    let number = from;
    while (this.#holders.has(number) && number !== to) number += step;
    return number;
  }
}
