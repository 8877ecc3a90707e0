import { membersOf } from '../../json/json-node.ts';
import { Place } from '../../place.ts';
import { describeValue } from '../../shape.ts';
import { fold } from './decode.ts';
import { type SpecVersion, specVersions } from './spec/spec-versions.ts';

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
