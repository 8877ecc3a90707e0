/** A directory with an agent's data, as a migration sees it. Names are relative: `memory.json`, `generations/000001.json`. */
export interface DataDirectory {
  /** Names of the files in it and below, sorted. */
  list(): Promise<readonly string[]>;
  /** undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Durable with the whole migration, not before. */
  write(name: string, text: string): Promise<void>;
  /** Absent is not an error. */
  remove(name: string): Promise<void>;
}

/** Turns the data of one state schema into that of a later one. It only ever sees a copy, and may be begun again with a fresh one. */
export interface Migration {
  readonly from: number;
  readonly to: number;
  migrate(data: DataDirectory): Promise<void>;
}

/** Of a text, for migrations that need no more: a pure function for each file whose form changes. */
export function migrateFiles(
  changes: readonly { readonly files: RegExp; readonly change: (text: string) => string }[],
): Migration['migrate'] {
  return async (data) => {
    for (const name of await data.list()) {
      const change = changes.find(({ files }) => files.test(name))?.change;
      const text = change === undefined ? undefined : await data.read(name);
      if (change !== undefined && text !== undefined) await data.write(name, change(text));
    }
  };
}

/**
 * The migrations that lead from one schema to another, in order. Pure.
 * @returns undefined when none lead there.
 */
export function pathBetween(
  from: number,
  to: number,
  migrations: readonly Migration[],
): readonly Migration[] | undefined {
  if (from === to) return [];
  // The longest stride first: a shorter one may be what led to a schema that was given up.
  const next = migrations.filter((one) => one.from === from && one.to <= to).toSorted((a, b) => b.to - a.to);
  for (const migration of next) {
    const rest = pathBetween(migration.to, to, migrations);
    if (rest !== undefined) return [migration, ...rest];
  }
  return undefined;
}

/** The oldest schema from which migrations lead to this one: what a release says it reads. Pure. */
export function oldestReadable(schema: number, migrations: readonly Migration[]): number {
  const froms = migrations
    .map(({ from }) => from)
    .filter((from) => pathBetween(from, schema, migrations) !== undefined);
  return Math.min(schema, ...froms);
}
