import type { Translating } from './context.ts';
import { grubFileAsContents } from './sugar/grub.ts';
import { type Traced, TracedRecord, type TracedScalar, traced } from './traced.ts';

/** The keys of `openshift` that go into a MachineConfig beside the Ignition config. */
const machineFields: Readonly<Record<string, string>> = {
  extensions: 'extensions',
  fips: 'fips',
  kernel_arguments: 'kernelArguments',
  kernel_type: 'kernelType',
};

/** FIPS 140-2 does not allow the default mode of dm-crypt. */
const fipsCipher = ['--cipher', 'aes-cbc-essiv:sha256'] as const;

/** What OpenShift makes of the Ignition config: FIPS ciphers up to 4.19, no appending to GRUB's file from 4.23 on. */
export function forMachines(butane: TracedRecord, ignition: TracedRecord, { spec }: Translating): TracedRecord {
  const { openshift = 0 } = spec;
  if (openshift >= 23) return grubFileAsContents(ignition);
  const needsCipher = openshift < 20 && butane.record('openshift').isTrue('fips');
  if (!needsCipher) return ignition;
  const storage = ignition.record('storage');
  const volumes = storage.records('luks').map((volume) => {
    const options = volume.items('options');
    if (volume.texts('options').some((option) => /^(--cipher(=.*)?|-c)$/s.test(option))) return volume;
    const added = fipsCipher.map((option) => traced(option, ['openshift', 'fips']));
    return volume.with({ options: { kind: 'list', items: [...options, ...added], from: volume.from } });
  });
  if (volumes.length === 0) return ignition;
  const luks: Traced = { kind: 'list', items: volumes, from: storage.from };
  return ignition.with({ storage: storage.with({ luks }) });
}

/** What the Machine Config Operator and the image cannot do. */
export function checkMachines(ignition: TracedRecord, context: Translating): void {
  const { openshift = 0 } = context.spec;
  const storage = ignition.record('storage');
  for (const filesystem of storage.records('filesystems')) {
    const place = context.at([...filesystem.from, 'format']);
    const format = filesystem.text('format');
    if (format === 'btrfs') place.error('not-supported', 'btrfs is not supported by this version');
    if (format === 'none' && openshift >= 14) place.error('not-supported', '"none" is not supported by this version');
  }
  for (const file of storage.records('files')) {
    const source = file.record('contents').text('source');
    if (source !== undefined && !isData(source)) {
      const place = context.at([...file.from, 'contents', 'source']);
      place.error('not-supported', 'the contents of a file must be a data URL in this version');
    }
    const mode = file.whole('mode') ?? 0;
    if (openshift >= 10 && (mode < 0 || mode > 0o777)) {
      context.at([...file.from, 'mode']).error('not-supported', 'special mode bits are not supported by this version');
    }
  }
  for (const user of ignition.record('passwd').records('users')) {
    if (user.text('name') === 'core') continue;
    context.at([...user.from, 'name']).error('not-supported', 'users other than "core" are not supported');
  }
}

/** A MachineConfig names no kernel argument and no extension twice. */
export function checkMachineDuplicates(butane: TracedRecord, { at }: Translating): void {
  const openshift = butane.record('openshift');
  for (const key of ['kernel_arguments', 'extensions']) {
    const seen = new Set<unknown>();
    for (const item of openshift.items(key)) {
      const value = item.kind === 'scalar' ? item.value : undefined;
      if (seen.has(value)) at(item.from).error('duplicate', `"${String(value)}" already stands in the list`);
      seen.add(value);
    }
  }
}

/** Go's `url.Parse` finds this scheme, or no URL at all, which is reported elsewhere. */
function isData(source: string): boolean {
  return /^data:/i.test(source) || /[\0-\x1f\x7f]/.test(source) || /^:/.test(source);
}

/** The MachineConfig around the Ignition config. */
export function machineConfig(butane: TracedRecord, ignition: TracedRecord): TracedRecord {
  const metadata = butane.record('metadata');
  const from = ['version'];
  const openshift = butane.record('openshift');
  const spec = Object.entries(machineFields).flatMap(([key, name]) => {
    const value = openshift.fields.get(key);
    return value === undefined || (value.kind === 'list' && value.items.length === 0) ? [] : [[name, value] as const];
  });
  const labels = metadata.record('labels');
  return new TracedRecord(
    [
      ['apiVersion', traced('machineconfiguration.openshift.io/v1', from)],
      ['kind', traced('MachineConfig', from)],
      [
        'metadata',
        new TracedRecord(
          [
            ['name', metadata.fields.get('name') ?? traced('', from)],
            ...(labels.fields.size === 0 ? [] : ([['labels', labels]] as const)),
          ],
          metadata.from,
        ),
      ],
      ['spec', new TracedRecord([['config', ignition], ...spec], from)],
    ],
    from,
  );
}

/** What an Ignition config has no place for. */
export function reportElided(butane: TracedRecord, { at }: Translating): void {
  const openshift = butane.record('openshift');
  for (const key of Object.keys(machineFields)) {
    const value = openshift.fields.get(key);
    if (value === undefined) continue;
    at(value.from).warn('no-effect', `"${key}" is for a MachineConfig: Ignition has no place for it`, undefined, 'key');
  }
}

/** What only the Machine Config Operator would do, leaf by leaf. */
export function reportMachineParts(butane: TracedRecord, { at }: Translating): void {
  for (const { value, from } of leavesOf(butane.record('openshift'))) {
    at(from).warn('unsupported', `${JSON.stringify(value)} has no effect: Berth has no Machine Config Operator`);
  }
  for (const { value, from } of leavesOf(butane.record('metadata'))) {
    at(from).inform('unsupported', `${JSON.stringify(value)} is for the Machine Config Operator only`);
  }
}

function leavesOf(value: Traced): TracedScalar[] {
  if (value.kind === 'scalar') return [value];
  return (value.kind === 'list' ? value.items : [...value.fields.values()]).flatMap(leavesOf);
}
