import type { Place } from '../../../place.ts';
import type { Translating } from '../context.ts';
import type { TracedRecord } from '../traced.ts';
import type { Check } from './check.ts';

const bootDisk = '/dev/disk/by-id/coreos-boot-disk';
const cexArgument = 'rd.luks.key=/etc/luks/cex.key';
export const roleLabel = 'machineconfiguration.openshift.io/role';

/** What Fedora CoreOS from spec 1.6 on has against a config as a whole. */
export function fcosConfigCheck(config: TracedRecord, _place: Place, { spec: { fcos = 0 }, at }: Translating): void {
  if (fcos < 6) return;
  const storage = config.record('storage');
  const mirrored = config.record('boot_device').record('mirror').texts('devices');
  for (const disk of storage.records('disks')) {
    const device = disk.text('device') ?? '';
    if (device === bootDisk || disk.isTrue('wipe_table') || mirrored.includes(device)) continue;
    for (const partition of disk.records('partitions')) {
      if ((partition.whole('number') ?? 0) !== 0 || !partition.has('label')) continue;
      at(partition.from).warn(
        'reuse-by-label',
        'a partition cannot be found again by its label',
        'give its number, or wipe_table: true for the disk',
      );
    }
  }
  for (const filesystem of storage.records('filesystems')) {
    const path = filesystem.text('path');
    if (path === undefined || !filesystem.isTrue('with_mount_unit') || /^\/(etc|var)(\/|$)/.test(path)) continue;
    at([...filesystem.from, 'path']).error('invalid-value', 'a mount unit is for a path below /etc or /var');
  }
}

/** What OpenShift from 4.19 on has against it. */
export function openshiftConfigCheck(
  config: TracedRecord,
  place: Place,
  { spec: { openshift = 0 } }: Translating,
): void {
  if (openshift < 19 || config.record('openshift').texts('kernel_arguments').includes(cexArgument)) return;
  const isRoot = (luks: TracedRecord): boolean => luks.text('name') === 'root' && luks.record('cex').isTrue('enabled');
  const usesCex =
    config.record('boot_device').record('luks').record('cex').isTrue('enabled') ||
    config.record('storage').records('luks').some(isRoot);
  if (!usesCex) return;
  place
    .child('openshift')
    .child('kernel_arguments')
    .error('missing-value', `CEX for the root needs the kernel argument ${cexArgument}`);
}

export const openshiftChecks: Readonly<Record<string, Check>> = {
  openshift: (machine, place) => {
    const type = machine.text('kernel_type') ?? '';
    if (['', 'default', 'realtime'].includes(type)) return;
    place.child('kernel_type').error('invalid-value', 'expected "default" or "realtime"');
  },
};

/** A MachineConfig has a name and a role, whether or not `metadata` is given. */
export function checkMetadata(config: TracedRecord, { at }: Translating): void {
  const metadata = config.record('metadata');
  const place = at(metadata.from);
  if ((metadata.text('name') ?? '') === '') place.child('name').error('missing-key', '"metadata.name" is missing');
  if ((metadata.record('labels').text(roleLabel) ?? '') === '') {
    place.child('labels').error('missing-key', `the label "${roleLabel}" is missing`);
  }
}
