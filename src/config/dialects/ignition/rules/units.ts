import { extensionOf } from '../../../go/go-path.ts';
import { readUnitText, UnitFault } from '../../../go/unit-text.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { IgnitionConfig, Unit } from '../model.ts';

const unitKinds = [
  ...['.service', '.socket', '.device', '.mount', '.automount', '.swap'],
  ...['.target', '.path', '.timer', '.snapshot', '.slice', '.scope'],
];

/** `systemd`. */
export function checkUnits(units: readonly Unit[], place: Place): void {
  const byName = new Map(units.map((unit) => [unit.name ?? '', unit]));
  for (const [index, unit] of units.entries()) {
    const at = place.child(index);
    checkUnitName(unit.name, at.child('name'));
    checkUnitContents(unit, at.child('contents'));
    for (const [number, dropin] of (unit.dropins ?? []).entries())
      checkDropin(dropin, at.child('dropins').child(number));
    checkInstance(unit, byName, at.child('contents'));
  }
}

/** A name with the ending of a kind of unit. */
export function checkUnitName(name = '', place: Place): void {
  if (unitKinds.includes(extensionOf(name))) return;
  place.error(
    'invalid-value',
    `${describeValue(name)} is not the name of a systemd unit`,
    `it ends in ${unitKinds.join(', ')}`,
  );
}

/** What stands in a unit, which has an `[Install]` section when it is enabled. */
export function checkUnitContents({ name = '', contents = '', enabled }: Unit, place: Place): void {
  const sections = checkUnitText(contents, place);
  if (enabled !== true || contents === '' || sections === undefined || sections.has('Install')) return;
  place.warn('no-effect', `${describeValue(name)} is enabled, but has no [Install] section that says for what`);
}

/** Drop-ins end in `.conf`. */
export function checkDropin({ name = '', contents = '' }: { name?: string; contents?: string }, place: Place): void {
  checkUnitText(contents, place.child('contents'));
  checkDropinName(name, place.child('name'));
}

/** The name of a drop-in. */
export function checkDropinName(name = '', place: Place): void {
  if (extensionOf(name) === '.conf') return;
  place.error('invalid-value', `${describeValue(name)} is not the name of a drop-in`, 'it ends in .conf');
}

/** The sections that have options; undefined when the text is not that of a unit, which is reported. */
export function checkUnitText(contents: string, place: Place): ReadonlySet<string> | undefined {
  try {
    return readUnitText(contents);
  } catch (error) {
    if (!(error instanceof UnitFault)) throw error;
    place.error('invalid-value', `is not the text of a systemd unit: ${error.message}`);
    return undefined;
  }
}

/** An enabled instance of a template in this config needs the template's `[Install]` section. */
function checkInstance({ name = '', enabled }: Unit, units: ReadonlyMap<string, Unit>, place: Place): void {
  const template = enabled === true ? /^([^\n]+?)@[^\n]+?\.service$/.exec(name)?.[1] : undefined;
  if (template === undefined) return;
  const contents = units.get(`${template}@.service`)?.contents ?? '';
  if (contents === '') return;
  try {
    if (readUnitText(contents).has('Install')) return;
  } catch (error) {
    if (!(error instanceof UnitFault)) throw error;
    return;
  }
  place.warn(
    'no-effect',
    `the template "${template}@.service" has no [Install] section, so enabling ${describeValue(name)} does nothing`,
  );
}

/** A file, directory or link where a unit of the same config goes. */
export function checkUnitPaths({ systemd, storage }: IgnitionConfig, place: Place): void {
  const paths = new Set<string>();
  for (const { name = '', contents = '', dropins = [] } of systemd?.units ?? []) {
    const path = `/etc/systemd/system/${name}`;
    if (contents !== '') paths.add(path);
    for (const dropin of dropins) if ((dropin.contents ?? '') !== '') paths.add(`${path}.d/${dropin.name ?? ''}`);
  }
  for (const key of ['files', 'directories', 'links'] as const) {
    for (const [index, { path = '' }] of (storage?.[key] ?? []).entries()) {
      if (!paths.has(path)) continue;
      place
        .child('storage')
        .child(key)
        .child(index)
        .child('path')
        .error('conflict', 'a unit of this config goes there');
    }
  }
}
