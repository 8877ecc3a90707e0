import { membersOf } from '../../json/json-node.ts';
import { Place } from '../../place.ts';
import { describeValue } from '../../shape.ts';
import { fold } from './decode.ts';
import { spec1 } from './spec/spec-1.ts';
import { spec20 } from './spec/spec-2-0.ts';
import { spec21 } from './spec/spec-2-1.ts';
import { spec22 } from './spec/spec-2-2.ts';
import { spec23 } from './spec/spec-2-3.ts';
import { spec24 } from './spec/spec-2-4.ts';
import { spec30 } from './spec/spec-3-0.ts';
import { spec31 } from './spec/spec-3-1.ts';
import { spec32 } from './spec/spec-3-2.ts';
import { spec33 } from './spec/spec-3-3.ts';
import { spec34 } from './spec/spec-3-4.ts';
import { spec35 } from './spec/spec-3-5.ts';
import { spec36 } from './spec/spec-3-6.ts';
import { spec37 } from './spec/spec-3-7.ts';
import type { SpecTable } from './spec/spec-table.ts';

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

/** The table that every config is translated to. */
export const newestSpec = spec37;

function row(major: 2 | 3, minor: number, table: SpecTable): SpecVersion {
  return { name: `${major}.${minor}.0`, major, minor, table };
}

/** True for a config of version 1; one that has an `ignition.version` of 2.0.0 or later, too, follows that. */
export function isVersion1(data: unknown): boolean {
  const silent = new Place([], () => undefined);
  if (member(data, 'ignitionversion', silent) !== 1) return false;
  const version = member(member(data, 'ignition', silent), 'version', silent);
  const [, major = '0'] = /^(\d+)\.\d+\.\d+(?=$|[-+])/.exec(typeof version === 'string' ? version : '') ?? [];
  return Number(major) < 2;
}

/** The version that a config's `ignition.version` says; what is wrong with it is reported. */
export function versionOf(data: unknown, root: Place): SpecVersion | undefined {
  const ignition = member(data, 'ignition', root);
  const place = root.child('ignition');
  if (ignition === undefined) {
    const message = '"ignition.version" is missing: it says which specification the config follows';
    root.error('missing-key', message, versionHint);
    return undefined;
  }
  if (membersOf(ignition) === undefined) {
    if (ignition !== null) place.error('wrong-type', `expected a mapping, found ${describeValue(ignition)}`);
    else place.error('missing-key', '"version" is missing', versionHint);
    return undefined;
  }
  const version = member(ignition, 'version', place);
  const at = place.child('version');
  if (version === undefined || version === null || version === '') {
    place.error('missing-key', '"version" is missing', versionHint);
    return undefined;
  }
  if (typeof version !== 'string') {
    at.error('wrong-type', `expected text, found ${describeValue(version)}`, 'quote it: "3.4.0"');
    return undefined;
  }
  // Numbers may begin with zeros.
  const plain = version.replace(/^0*(\d+)\.0*(\d+)\.0*(\d+)(?=$|-)/, '$1.$2.$3');
  const found = specVersions.find(({ name }) => name === plain);
  if (found === undefined) {
    const stable = specVersions.find(({ name }) => `${name}-experimental` === plain);
    const hint = stable === undefined ? versionHint : `it is no experiment any more: write "${stable.name}"`;
    at.error('unsupported-version', `${describeValue(version)} is no known version`, hint);
  }
  return found;
}

const versionHint = `known are: ${specVersions.map(({ name }) => name).join(', ')}`;

/** The member of an object that Go would fill the field with: the last one of the name, whatever its letter case. */
function member(data: unknown, name: string, place: Place): unknown {
  const members = membersOf(data);
  if (members === undefined && data !== null && data !== undefined) {
    place.error('wrong-type', `expected a mapping, found ${describeValue(data)}`);
  }
  return members?.findLast(([key]) => fold(key) === name)?.[1];
}
