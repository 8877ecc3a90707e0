/** A value as it is written into a text; a key that is undefined is left out. */
export type Written =
  | string
  | number
  | boolean
  | null
  | readonly Written[]
  | { readonly [key: string]: Written | undefined };

export type WrittenMap = Readonly<Record<string, Written | undefined>>;

/** Undefined for an empty list: nothing is declared by it. */
export function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Undefined for a mapping in which nothing is left. */
export function map(entries: WrittenMap): WrittenMap | undefined {
  const kept = Object.entries(entries).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
