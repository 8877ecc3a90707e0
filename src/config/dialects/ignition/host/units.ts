import type { Place } from '../../../place.ts';
import type { Dropin, IgnitionConfig, NetworkdUnit, Unit } from '../model.ts';
import type { HostContext } from './context.ts';

const unitDirectory = '/etc/systemd/system';
const networkDirectory = '/etc/systemd/network';
const presetPath = '/etc/systemd/system-preset/20-ignition.preset';

/** Units become the files that Ignition writes for them. There is no systemd on Berth that would run them. */
export function takeUnits({ systemd, networkd }: IgnitionConfig, root: Place, context: HostContext): void {
  const presets: string[] = [];
  const units = root.child('systemd').child('units');
  context.each(systemd?.units, units, (unit, at) => {
    const hint = 'run it as a container: a service under "services" of a #cloud-config with a "berth" block';
    context.leave(
      at,
      `there is no systemd on Berth; ${JSON.stringify(unit.name ?? '')} is written to ${unitDirectory}, and not run`,
      hint,
    );
    takeUnit(unit, at, context);
    if (unit.enabled !== undefined) presets.push(presetOf(unit.name ?? '', unit.enabled));
  });
  const lines = merged(presets.toSorted());
  if (lines.length > 0) write(presetPath, `${lines.join('\n')}\n`, units, context);
  context.each(networkd?.units, root.child('networkd').child('units'), (unit, at) => {
    const hint = 'declare the network in a #cloud-config or a network-config';
    context.leave(
      at,
      `there is no systemd-networkd on Berth; ${JSON.stringify(unit.name ?? '')} is written to ${networkDirectory}`,
      hint,
    );
    takeNetworkdUnit(unit, at, context);
  });
}

function takeUnit(unit: Unit, place: Place, context: HostContext): void {
  const { name = '', contents = '', mask, dropins } = unit;
  takeDropins(`${unitDirectory}/${name}.d`, dropins, place, context);
  const path = `${unitDirectory}/${name}`;
  if (mask === true) {
    const link = { path, target: '/dev/null', hard: false, owner: 'root', group: 'root', overwrite: true };
    (context.host.config.links ??= []).push(link);
    context.host.name(['links', path], place);
    if (contents !== '')
      place.child('contents').warn('no-effect', 'the unit is masked, so its contents are not written');
  } else if (contents !== '') {
    write(path, contents, place, context);
  }
  if (mask === false) place.child('mask').inform('no-effect', 'nothing masks units on Berth');
}

function takeNetworkdUnit(
  { name = '', contents = '', dropins }: NetworkdUnit,
  place: Place,
  context: HostContext,
): void {
  takeDropins(`${networkDirectory}/${name}.d`, dropins, place, context);
  if (contents !== '') write(`${networkDirectory}/${name}`, contents, place, context);
}

function takeDropins(
  directory: string,
  dropins: readonly Dropin[] | undefined,
  place: Place,
  context: HostContext,
): void {
  context.each(dropins, place.child('dropins'), ({ name = '', contents }, at) => {
    if (contents === undefined) at.warn('empty-value', 'has no contents, so nothing is written');
    else write(`${directory}/${name}`, contents, at, context);
  });
}

function write(path: string, content: string, place: Place, { host }: HostContext): void {
  const contentBase64 = Buffer.from(content).toString('base64');
  host.config.files.push({
    path,
    contentBase64,
    mode: 0o644,
    owner: 'root',
    group: 'root',
    append: false,
    defer: false,
  });
  host.name(['write_files', path], place);
}

/** A line of systemd.preset(5); an instance stands behind its template. */
function presetOf(name: string, enabled: boolean): string {
  const at = name.indexOf('@');
  const dot = name.lastIndexOf('.');
  const verb = enabled ? 'enable' : 'disable';
  if (at === -1 || dot < at) return `${verb} ${name}`;
  return `${verb} ${name.slice(0, at + 1)}${name.slice(dot)} ${name.slice(at + 1, dot)}`;
}

/** Instances of one template stand in one line. */
function merged(presets: readonly string[]): string[] {
  const lines = new Map<string, string[]>();
  for (const preset of presets) {
    const [verb = '', name = '', ...instances] = preset.split(' ');
    const key = `${verb} ${name}`;
    lines.set(key, [...(lines.get(key) ?? []), ...instances]);
  }
  return [...lines].map(([key, instances]) => [key, ...instances].join(' '));
}
