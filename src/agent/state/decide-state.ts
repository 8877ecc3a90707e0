import { type Migration, pathBetween } from './migration.ts';

/** What is known of the data on this host. */
export interface StateNote {
  /** The schema of the data that counts. */
  readonly inUse: number;
  /** Schemas of which whole data is kept, for a release to go back to. */
  readonly kept: readonly number[];
}

/** What a release does about the data that it finds. */
export type StateDecision =
  /** It is in its own form. */
  | { readonly kind: 'use' }
  /** There is none yet. */
  | { readonly kind: 'begin' }
  /** It is older: a copy is migrated, and then counts. */
  | { readonly kind: 'migrate'; readonly path: readonly Migration[] }
  /** It is newer, of a release that was taken back: what was kept counts again. */
  | { readonly kind: 'return' }
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * What a release with a schema does about the data that it finds. Pure.
 * @param note undefined: nothing was noted, as on a host that never had another schema than the first.
 * @param hasData whether there is any of the first schema.
 */
export function decideState(
  note: StateNote | undefined,
  hasData: boolean,
  schema: number,
  migrations: readonly Migration[],
): StateDecision {
  if (note === undefined && !hasData && schema !== 1) return { kind: 'begin' };
  const { inUse, kept } = note ?? firstNote;
  if (inUse === schema) return { kind: 'use' };
  if (inUse > schema) {
    if (kept.includes(schema)) return { kind: 'return' };
    const why = `what this host keeps has schema ${inUse}, this release reads ${schema}, and no copy from before was kept`;
    return { kind: 'refuse', why };
  }
  const path = pathBetween(inUse, schema, migrations);
  if (path !== undefined) return { kind: 'migrate', path };
  const why = `what this host keeps has schema ${inUse}, from which this release cannot make its ${schema}`;
  return { kind: 'refuse', why };
}

/** Of a host on which nothing was noted. */
export const firstNote: StateNote = { inUse: 1, kept: [] };
