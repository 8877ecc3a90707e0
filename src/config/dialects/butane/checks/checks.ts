import type { Place } from '../../../place.ts';
import type { Translating } from '../context.ts';
import type { RecordShape } from '../spec/shape.ts';
import type { TracedRecord } from '../traced.ts';
import { bootDeviceChecks } from './boot-device.ts';
import type { Check } from './check.ts';
import { fcosConfigCheck, openshiftChecks, openshiftConfigCheck } from './config.ts';
import { checkMergedConfig } from './merged-config.ts';
import { decimalMode } from './mode.ts';
import { systemdChecks } from './systemd.ts';
import { walkRecords } from './walk.ts';

const checks: Readonly<Record<string, Check>> = {
  config: (record, place, context) => {
    // OpenShift's own rule stands in the place of that of the Fedora CoreOS spec below it.
    if (context.spec.openshift === undefined) fcosConfigCheck(record, place, context);
    else openshiftConfigCheck(record, place, context);
  },
  resource: checkResource,
  filesystem: checkMountUnit,
  file: (record, place) => checkMode(record, place, false),
  directory: (record, place) => checkMode(record, place, true),
  tree: (record, place) => {
    if ((record.text('local') ?? '') === '') place.error('missing-key', '"local" is missing: the directory to take in');
  },
  'grub-user': (record, place) => {
    for (const key of ['name', 'password_hash']) {
      if ((record.text(key) ?? '') === '') place.child(key).error('missing-key', `"${key}" is missing`);
    }
  },
  ...systemdChecks,
  ...bootDeviceChecks,
  ...openshiftChecks,
};

/** Reports what Butane's own rules (`validate.go`) have against a config. */
export function checkButane(config: TracedRecord, shape: RecordShape, context: Translating): void {
  walkRecords(config, shape, (record, { name }) => checks[name]?.(record, context.at(record.from), context));
}

function checkResource(resource: TracedRecord, place: Place, context: Translating): void {
  const given = ['local', 'inline', 'source'].filter((key) => resource.has(key));
  const [last = ''] = given.slice(-1);
  // The first base spec points at the sugar.
  const key = context.spec.base === 1 ? 'inline' : last;
  if (given.length > 1) {
    place.child(key).error('conflict', 'only one of "inline", "local" and "source" can be given', undefined, 'key');
  } else if (last === 'inline' && place.path[0] === 'ignition' && place.path[1] === 'config') {
    checkMergedConfig(resource.text('inline') ?? '', place.child('inline'), context);
  }
}

function checkMountUnit(filesystem: TracedRecord, place: Place, { spec }: Translating): void {
  if (!filesystem.isTrue('with_mount_unit')) return;
  const format = filesystem.text('format') ?? '';
  const isSwap = spec.base >= 4 && format === 'swap';
  if (format === '') place.child('format').error('missing-key', '"format" is needed for a mount unit');
  const needsPath = !isSwap && (spec.base < 4 || format !== '');
  if (needsPath && (filesystem.text('path') ?? '') === '') {
    place.child('path').error('missing-key', '"path" is needed for a mount unit, unless the format is swap');
  }
}

function checkMode(node: TracedRecord, place: Place, isDirectory: boolean): void {
  const mode = node.whole('mode');
  const meant = mode === undefined ? undefined : decimalMode(mode, isDirectory);
  if (meant === undefined) return;
  place
    .child('mode')
    .warn('decimal-mode', `${mode} is a decimal number here: mode ${(mode ?? 0).toString(8)}`, `write 0${mode}`);
}
