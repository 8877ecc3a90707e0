import { baseFields, cex, tang } from './base.ts';
import { list, part, type RecordShape, record, sugar, text, texts, truth, whole } from './shape.ts';
import type { Spec } from './variants.ts';

/** The type of a whole Butane config of a spec. */
export function configShape({ base, fcos = 0, openshift }: Spec): RecordShape {
  return record('config', [
    ...baseFields(base),
    ...(fcos >= 3 ? sugar([part('boot_device', bootDevice(base, fcos))]) : []),
    ...(fcos >= 5 ? sugar([part('grub', grub)]) : []),
    ...(openshift === undefined ? [] : sugar([part('metadata', metadata), part('openshift', machine)])),
  ]);
}

function bootDevice(base: number, fcos: number): RecordShape {
  const luks = record('boot-luks', [
    list('tang', tang(base)),
    ...whole('threshold'),
    ...truth('tpm2'),
    ...(fcos >= 5 ? truth('discard') : []),
    ...(fcos >= 6 ? [part('cex', cex), ...text('device')] : []),
  ]);
  const mirror = record('boot-mirror', texts('devices'));
  return record('boot-device', [...text('layout'), part('luks', luks), part('mirror', mirror)]);
}

const grub = record('grub', [list('users', record('grub-user', text('name', 'password_hash')))]);
const metadata = record('metadata', [...text('name'), part('labels', { kind: 'texts' })]);
const machine = record('openshift', [
  ...texts('kernel_arguments', 'extensions'),
  ...truth('fips'),
  ...text('kernel_type'),
]);
