import { readUnitText } from '../../../go/unit-text.ts';
import type { Unit } from '../model.ts';

/**
 * Lines of systemd.preset(5) for units that are to be enabled or not, as Ignition writes them: by name, instances behind their
 * template; of those that are not to be enabled only units that systemd would start all the same. Pure.
 */
export function presetLines(units: readonly Unit[]): string[] {
  const presets = new Map<string, { readonly line: string; readonly instances: string[] }>();
  for (const unit of units) {
    if (unit.enabled !== true && !isStatic(unit)) continue;
    const { template, instance } = instanceOf(unit.name ?? '');
    const verb = unit.enabled === true ? 'enable' : 'disable';
    const key = `${template}-${verb}d`;
    const preset = presets.get(key) ?? { line: `${verb} ${template}`, instances: [] };
    if (instance !== undefined) preset.instances.push(instance);
    presets.set(key, preset);
  }
  const byName = [...presets].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return byName.map(([, { line, instances }]) => [line, ...instances].join(' '));
}

/** One that says nothing of its installation counts as enabled. */
function isStatic({ name = '', enabled, mask, contents = '' }: Unit): boolean {
  return (
    enabled === false &&
    mask !== true &&
    contents !== '' &&
    !name.includes('@') &&
    !readUnitText(contents).has('Install')
  );
}

/** `echo@a.service` is the instance `a` of `echo@.service`. */
function instanceOf(name: string): { readonly template: string; readonly instance?: string } {
  const at = name.indexOf('@');
  const dot = name.lastIndexOf('.');
  if (at === -1 || dot < at) return { template: name };
  return { template: `${name.slice(0, at + 1)}${name.slice(dot)}`, instance: name.slice(at + 1, dot) };
}
