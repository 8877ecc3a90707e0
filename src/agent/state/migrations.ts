import type { Migration } from './migration.ts';

/**
 * From each earlier state schema to the next. There is one schema so far. A change that an older release can read (another
 * key, another file) needs none; for any other raise `stateSchema` (update/state-schema.ts) and add a row.
 */
export const migrations: readonly Migration[] = [];
