import { formatPath } from '../../../src/core/diagnostic.ts';

type Path = readonly (string | number)[];
/** Plain data of a file. */
export type Data = Record<string | number, unknown>;

/** How the files of a language are looked at. */
export interface Effects {
  readonly textOf: (data: Data) => string;
  /** Everything a person would see of a text, besides places, which move with every line. */
  readonly effectOf: (text: string) => string;
  /** Beginnings of formatted paths: what is left out as a whole, and that is said. */
  readonly leftOut: (text: string) => readonly string[];
}

export interface Leaves {
  /** Those that were looked at. */
  readonly count: number;
  /** Those that are nowhere to be seen: neither gone nor changed do they make a difference. */
  readonly silent: readonly string[];
}

/** Removes and changes each leaf of a file. */
export function lookAtLeaves(data: Data, { textOf, effectOf, leftOut }: Effects): Leaves {
  const whole = effectOf(textOf(data));
  const reported = leftOut(textOf(data));
  const leaves = leavesOf(data).filter((path) => !reported.some((prefix) => formatPath(path).startsWith(prefix)));
  const silent = leaves.filter((path) =>
    (['remove', 'change'] as const).every((edit) => effectOf(textOf(without(data, path, edit))) === whole),
  );
  return { count: leaves.length, silent: silent.map((path) => path.join('.')) };
}

export function isBranch(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function leavesOf(value: unknown, path: Path = []): Path[] {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : isBranch(value)
      ? Object.entries(value)
      : [];
  return entries.length === 0 ? [path] : entries.flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

/** Another value of the same type. */
function changed(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'string' ? `${value}x` : 'x';
}

/** The data with the leaf of a path left out or changed. */
function without(data: Data, path: Path, edit: 'remove' | 'change'): Data {
  const copy = structuredClone(data);
  const key = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce<Data>((at, part) => at[part] as Data, copy);
  if (edit === 'change') holder[key] = changed(holder[key]);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else Reflect.deleteProperty(holder, key);
  return copy;
}
