import type { Place } from '../../../place.ts';
import type { Dropin, IgnitionConfig, NetworkdUnit, Unit } from '../model.ts';
import type { HostContext } from './context.ts';
import { presetLines } from './presets.ts';

const unitDirectory = '/etc/systemd/system';
const networkDirectory = '/etc/systemd/network';
const presetPath = '/etc/systemd/system-preset/20-ignition.preset';

/** Units become the files that Ignition writes for them. There is no systemd on Berth that would run them. */
export function takeUnits({ systemd, networkd }: IgnitionConfig, root: Place, context: HostContext): void {
  const units = root.child('systemd').child('units');
  context.each(systemd?.units, units, (unit, at) => {
    const name = JSON.stringify(unit.name ?? '');
    const hint = 'run it as a container: a service under "services" of a #cloud-config with a "berth" block';
    context.leave(at, `there is no systemd on Berth; ${name} is written to ${unitDirectory}, and not run`, hint);
    takeUnit(unit, at, context);
    if (unit.enabled === false) at.child('enabled').inform('no-effect', 'nothing enables units on Berth');
  });
  const presets = presetLines(systemd?.units ?? []);
  if (presets.length > 0) write(presetPath, `${presets.join('\n')}\n`, units, context);
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
