import type { Place } from '../../../place.ts';
import type { Translating } from '../context.ts';
import type { TracedRecord } from '../traced.ts';
import type { Check } from './check.ts';

const layouts = ['aarch64', 'ppc64le', 'x86_64'];
const mainframeLayouts = ['s390x-eckd', 's390x-virt', 's390x-zfcp'];

export const bootDeviceChecks: Readonly<Record<string, Check>> = {
  'boot-device': checkBootDevice,
  'boot-luks': (luks, place, { spec: { fcos = 0 } }) => {
    if (fcos < 7 || (luks.text('device') ?? '') === '') return;
    const hasTang = luks.records('tang').some(({ fields }) => fields.size > 0);
    if (hasTang || luks.isTrue('tpm2') || luks.record('cex').isTrue('enabled')) return;
    place.error('missing-key', 'names a device, and nothing that would unlock it: tang, tpm2 or cex');
  },
  'boot-mirror': (mirror, place) => {
    if (mirror.items('devices').length !== 1) return;
    place.child('devices').error('invalid-value', 'a mirror needs at least two devices');
  },
};

function checkBootDevice(boot: TracedRecord, place: Place, { spec: { fcos = 0 } }: Translating): void {
  const layout = boot.text('layout');
  const mirrored = boot.record('mirror').items('devices').length > 0;
  if (mirrored && layout === undefined) {
    const message = 'a mirror depends on the architecture: give boot_device.layout';
    if (fcos >= 7) place.child('mirror').error('missing-key', message, undefined, 'key');
    else place.child('mirror').warn('missing-key', message, undefined, 'key');
  }
  if (layout !== undefined) checkLayout(layout, boot, mirrored, place.child('layout'), fcos);
  checkCex(boot, layout, place);
}

function checkLayout(layout: string, boot: TracedRecord, mirrored: boolean, place: Place, fcos: number): void {
  const known = fcos >= 6 ? [...layouts, ...mainframeLayouts] : layouts;
  if (!known.includes(layout)) place.error('invalid-value', `expected one of ${known.toSorted().join(', ')}`);
  if (fcos < 6) return;
  const device = boot.record('luks').text('device') ?? '';
  const pattern = { 's390x-eckd': /\/dev\/dasd[a-z]$/, 's390x-zfcp': /\/dev\/sd[a-z]$/ }[layout];
  if (pattern !== undefined && device === '') {
    place.error('missing-key', 'this layout needs boot_device.luks.device');
  } else if (pattern?.test(device) === false) {
    place.error('invalid-value', 'boot_device.luks.device is /dev/dasdX for s390x-eckd, and /dev/sdX for s390x-zfcp');
  }
  if (layout.startsWith('s390x') && mirrored) place.error('conflict', 'the boot disk of s390x cannot be mirrored');
}

function checkCex(boot: TracedRecord, layout: string | undefined, place: Place): void {
  const luks = boot.record('luks');
  if (!luks.record('cex').isTrue('enabled')) return;
  if (layout?.startsWith('s390x') !== true) {
    const at = layout === undefined ? place.child('luks').child('cex') : place.child('layout');
    at.error('conflict', 'CEX is for the s390x layouts only');
  }
  if (luks.items('tang').length > 0 || luks.isTrue('tpm2')) {
    place.child('luks').error('conflict', 'cex cannot be used together with tang or tpm2', undefined, 'key');
  }
}

/** Tells of keys of `boot_device` that ask for nothing by themselves; Butane passes over them. */
export function reportIdleBootDevice(config: TracedRecord, at: Translating['at']): void {
  const boot = config.record('boot_device');
  const luks = boot.record('luks');
  const usesCex = luks.record('cex').isTrue('enabled');
  const isEncrypted = usesCex || luks.isTrue('tpm2') || luks.items('tang').length > 0;
  const layout = boot.text('layout') ?? '';
  const tell = (record: TracedRecord, key: string, why: string): void => {
    const value = record.fields.get(key);
    if (value !== undefined) at(value.from).inform('no-effect', `has no effect ${why}`, undefined, 'key');
  };
  if (!isEncrypted) {
    for (const key of ['threshold', 'discard', 'device']) tell(luks, key, 'without tpm2, tang or cex');
    if (boot.record('mirror').items('devices').length === 0) tell(boot, 'layout', 'without a mirror or encryption');
  } else {
    if (usesCex) tell(luks, 'threshold', 'together with cex');
    if (!['s390x-eckd', 's390x-zfcp'].includes(layout)) tell(luks, 'device', 'with this layout');
  }
}
