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
      const valid = Object.entries((entries ?? {}) as object).filter(([, id]) => Number.isSafeInteger(id));
      return Object.fromEntries(valid) as Record<string, number>;
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
  readonly #taken: Set<number>;
  /** Remembered also for names that are not declared now: their files may still be there. */
  readonly #known: Map<string, number>;

  constructor(taken: ReadonlySet<number>, known: Readonly<Record<string, number>>, named: ReadonlyMap<string, number>) {
    this.#taken = new Set([...taken, ...named.values()]);
    const isFree = ([, id]: readonly [string, number]): boolean => !this.#taken.has(id);
    this.#known = new Map(Object.entries(known).filter(isFree));
    for (const id of this.#known.values()) this.#taken.add(id);
    for (const [name, id] of named) this.#known.set(name, id);
  }

  /** The name's number: the one it had, the preferred one, or the next free one of its range. */
  numberOf(name: string, range: keyof typeof ranges, preferred?: number): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const number = preferred !== undefined && !this.#taken.has(preferred) ? preferred : this.#next(ranges[range]);
    this.#taken.add(number);
    this.#known.set(name, number);
    return number;
  }

  get known(): Record<string, number> {
    return Object.fromEntries(this.#known);
  }

  #next({ from, to }: Range): number {
    const step = from < to ? 1 : -1;
    let number = from;
    while (this.#taken.has(number) && number !== to) number += step;
    return number;
  }
}
