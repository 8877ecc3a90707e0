import type { Draft } from '../host-draft.ts';
import { honoured } from '../key-table.ts';
import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  type Located,
  list,
  located,
  mapOf,
  type Shape,
  text,
  textLike,
  truth,
  withoutText,
} from '../shape.ts';
import type { LuksKey } from '../storage-config.ts';
import { absolutePath, mapperName } from '../value-shapes.ts';
import type { BerthDraft } from './draft.ts';

/** LUKS2 keeps 48 bytes with a zero at the end. */
const label = convert(text, (value, place) => {
  if (value !== '' && Buffer.byteLength(value) <= 47) return value;
  place.error('invalid-value', 'a LUKS label has 1 to 47 bytes');
  return undefined;
});
const uuid = textLike(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID in small letters');
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A key, never repeated. What is wrong is `null`, so that a wrong key is not taken for none, which means a random one. */
function keyShape(expected: string, bytesOf: (text: string) => Buffer | undefined): Shape<Buffer | null> {
  return {
    ...text,
    accepts: () => true,
    read(value, place) {
      const bytes = typeof value === 'string' ? bytesOf(value) : undefined;
      if (bytes !== undefined && bytes.length > 0) return bytes;
      place.error('invalid-value', `the key is ${bytes === undefined ? `not ${expected}` : 'empty'}`);
      return null;
    },
  };
}

const luksShape = record(
  {
    device: absolutePath,
    key: keyShape('text: put it between quotes', (value) => Buffer.from(value)),
    key_base64: keyShape('base64', (value) => (base64.test(value) ? Buffer.from(value, 'base64') : undefined)),
    label,
    uuid,
    options: list(text),
    open_options: list(text),
    discard: truth,
    overwrite: truth,
  },
  { unknown: 'error', required: ['device'] },
);
type LuksEntry = NonNullable<ReturnType<typeof luksShape.read>>;

/** `berth.luks`. */
export const luksRow = honoured<BerthDraft, Record<string, Located<LuksEntry>>>({
  key: 'luks',
  meaning:
    'devices encrypted with LUKS2, by name (`device`, `key` or `key_base64`, `label`, `uuid`, `options`, `open_options`, `discard`, `overwrite`), made on the first apply only, or with `berth apply --destroy DEVICE`, and opened at every boot: /dev/mapper/NAME. Without a key the host makes one; either is kept in /var/lib/berth/luks, so the disk is safe without the disk of the system, not with it',
  shape: mapOf(located(withoutText(luksShape)), (name, place) => mapperName.read(name, place) !== undefined),
  apply(entries, { host }) {
    for (const [name, { value, place }] of Object.entries(entries)) {
      const key = keyOf(value, place);
      if (key === undefined) continue;
      const { device, options = [], open_options: openOptions = [], discard = false, overwrite = false } = value;
      (host.config.storage.luks ??= []).push({
        ...{ name, device, key, options, openOptions, discard, overwrite },
        ...(value.label === undefined ? {} : { label: value.label }),
        ...(value.uuid === undefined ? {} : { uuid: value.uuid }),
      });
      host.name(['berth', 'luks', name], place);
    }
  },
});

/** undefined: nothing is encrypted with a wrong key. */
function keyOf({ key, key_base64: binary }: LuksEntry, place: Place): Draft<LuksKey> | undefined {
  if (key === null || binary === null) return undefined;
  if (key !== undefined && binary !== undefined) {
    place.child('key_base64').error('conflict', '"key" and "key_base64" exclude each other');
    return undefined;
  }
  const bytes = key ?? binary;
  return bytes === undefined ? { kind: 'random' } : { kind: 'given', contentBase64: bytes.toString('base64') };
}
