import { extensionOf } from '../../../go/go-path.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { NetworkdUnit } from '../model.ts';
import type { IgnitionConfig2, IgnitionSection2, Unit2 } from '../model-2.ts';
import { checkDropin, checkUnitContents, checkUnitName, checkUnitText } from '../rules/units.ts';
import { checkDisk2, checkRaid2 } from './disks.ts';
import { checkFilesystem2 } from './filesystems.ts';
import { checkNodes2 } from './nodes.ts';
import { checkResource2 } from './source.ts';
import { checkUser2 } from './users.ts';

/** Everything that Ignition checks in a config of version 2.`minor`, as its validator of module version 0.35.0 does. Pure. */
export function checkConfig2(config: IgnitionConfig2, root: Place, minor: number): void {
  checkSection(config.ignition ?? {}, root.child('ignition'), minor);
  const storage = root.child('storage');
  const { disks = [], raid = [], filesystems = [] } = config.storage ?? {};
  for (const [index, disk] of disks.entries()) checkDisk2(disk, storage.child('disks').child(index), minor);
  for (const [index, array] of raid.entries()) checkRaid2(array, storage.child('raid').child(index));
  for (const [index, one] of filesystems.entries()) {
    checkFilesystem2(one, storage.child('filesystems').child(index), minor);
  }
  checkNodes2(config.storage ?? {}, storage, minor);
  const units = root.child('systemd').child('units');
  for (const [index, unit] of (config.systemd?.units ?? []).entries()) checkUnit(unit, units.child(index));
  const networks = root.child('networkd').child('units');
  for (const [index, unit] of (config.networkd?.units ?? []).entries()) checkNetworkdUnit(unit, networks.child(index));
  if (minor === 0) return;
  const users = root.child('passwd').child('users');
  for (const [index, user] of (config.passwd?.users ?? []).entries()) checkUser2(user, users.child(index));
}

function checkSection({ config, security }: IgnitionSection2, place: Place, minor: number): void {
  const references = place.child('config');
  for (const [index, reference] of (config?.append ?? []).entries()) {
    checkResource2(reference, references.child('append').child(index), minor);
  }
  if (config?.replace !== undefined) checkResource2(config.replace, references.child('replace'), minor);
  const authorities = place.child('security').child('tls').child('certificateAuthorities');
  for (const [index, authority] of (security?.tls?.certificateAuthorities ?? []).entries()) {
    checkResource2(authority, authorities.child(index), minor);
  }
}

function checkUnit(unit: Unit2, place: Place): void {
  checkUnitName(unit.name, place.child('name'));
  const enabled = unit.enable === true || unit.enabled === true;
  if (unit.enable !== undefined && unit.enabled !== undefined) {
    place.child('enable').inform('no-effect', '"enabled" counts where both are given');
  }
  checkUnitContents({ ...unit, enabled }, place.child('contents'));
  for (const [index, dropin] of (unit.dropins ?? []).entries())
    checkDropin(dropin, place.child('dropins').child(index));
}

function checkNetworkdUnit({ name, contents = '', dropins = [] }: NetworkdUnit, place: Place): void {
  checkUnitText(contents, place.child('contents'));
  checkNetworkdName(name, place.child('name'));
  for (const [index, dropin] of dropins.entries()) checkDropin(dropin, place.child('dropins').child(index));
}

/** A name with an ending of what networkd reads. */
export function checkNetworkdName(name = '', place: Place): void {
  if (['.link', '.netdev', '.network'].includes(extensionOf(name))) return;
  const message = `${describeValue(name)} is not the name of a networkd unit`;
  place.error('invalid-value', message, 'it ends in .link, .netdev or .network');
}
