import type { Place } from '../../../place.ts';
import type { IgnitionConfig } from '../model.ts';
import type { SpecVersion } from '../spec/spec-versions.ts';
import { checkDuplicates } from './duplicates.ts';
import { checkIgnitionSection } from './ignition-section.ts';
import { checkStorage } from './storage.ts';
import { checkUnitPaths, checkUnits } from './units.ts';

/** Everything that Ignition checks in a config of version 3, as its validator of module version 2.27.0 does. Pure. */
export function checkConfig(config: IgnitionConfig, root: Place, { table, minor }: SpecVersion): void {
  checkIgnitionSection(config.ignition ?? {}, root.child('ignition'), minor);
  checkStorage(config.storage ?? {}, root.child('storage'), minor);
  checkUnits(config.systemd?.units ?? [], root.child('systemd').child('units'));
  checkUnitPaths(config, root);
  checkDuplicates(table, config, root);
}
