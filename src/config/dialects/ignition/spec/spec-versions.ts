import { spec1 } from './spec-1.ts';
import { spec20 } from './spec-2-0.ts';
import { spec21 } from './spec-2-1.ts';
import { spec22 } from './spec-2-2.ts';
import { spec23 } from './spec-2-3.ts';
import { spec24 } from './spec-2-4.ts';
import { spec30 } from './spec-3-0.ts';
import { spec31 } from './spec-3-1.ts';
import { spec32 } from './spec-3-2.ts';
import { spec33 } from './spec-3-3.ts';
import { spec34 } from './spec-3-4.ts';
import { spec35 } from './spec-3-5.ts';
import { spec36 } from './spec-3-6.ts';
import { spec37 } from './spec-3-7.ts';
import type { SpecTable } from './spec-table.ts';

/** One version of Ignition's specification. */
export interface SpecVersion {
  readonly name: string;
  readonly major: 1 | 2 | 3;
  readonly minor: number;
  readonly table: SpecTable;
}

/** The first version, which does not have `ignition.version`. */
export const version1: SpecVersion = { name: '1', major: 1, minor: 0, table: spec1 };

/** Every version that `ignition.version` may name, oldest first; a new one is a row here and a file beside the others. */
export const specVersions: readonly SpecVersion[] = [
  ...[spec20, spec21, spec22, spec23, spec24].map((table, minor) => row(2, minor, table)),
  { name: '2.5.0-experimental', major: 2, minor: 5, table: spec24 },
  ...[spec30, spec31, spec32, spec33, spec34, spec35, spec36].map((table, minor) => row(3, minor, table)),
  { name: '3.7.0-experimental', major: 3, minor: 7, table: spec37 },
];

/** Which versions have a field that the structure of a table does not have; undefined when none has. Pure. */
export function versionsWith(table: SpecTable, structure: string, field: string): string | undefined {
  const versions = [version1, ...specVersions];
  const own = versions.findIndex((version) => version.table === table);
  const has = (version: SpecVersion): boolean => Object.hasOwn(version.table[structure] ?? {}, field);
  const later = versions.slice(own).find(has);
  if (later !== undefined) return `version ${later.name} has it`;
  const earlier = versions.slice(0, own).findLast((version) => has(version) && !version.name.includes('-'));
  return earlier === undefined ? undefined : `versions up to ${earlier.name} have it, later ones have not`;
}

/** The table that every config is translated to. */
export const newestSpec = spec37;

function row(major: 2 | 3, minor: number, table: SpecTable): SpecVersion {
  return { name: `${major}.${minor}.0`, major, minor, table };
}
