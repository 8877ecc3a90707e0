import { honoured } from '../key-table.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  describeValue,
  either,
  type Located,
  list,
  located,
  mapOf,
  natural,
  text,
  textLike,
  truth,
} from '../shape.ts';
import type { RaidConfig } from '../storage-config.ts';
import { absolutePath, unique } from '../value-shapes.ts';
import type { BerthDraft } from './draft.ts';

/** The fewest devices, besides spares, that mdadm(8) makes an array of. */
const fewestDevices: Readonly<Record<RaidConfig['level'], number>> = {
  '0': 2,
  '1': 2,
  '4': 3,
  '5': 3,
  '6': 4,
  '10': 2,
};

const level = convert(either(natural, text), (value, place): RaidConfig['level'] | undefined => {
  const word = String(value).replace(/^raid/, '');
  if (Object.hasOwn(fewestDevices, word)) return word as RaidConfig['level'];
  place.error('invalid-value', `${describeValue(value)} is not a RAID level`, 'one of 0, 1, 4, 5, 6, 10');
  return undefined;
});
const arrayName = textLike(
  /^[A-Za-z][A-Za-z0-9_-]{0,30}$/,
  'the name of an array: a letter, then letters, digits, "_" and "-"',
);

const raidShape = record(
  {
    level,
    devices: convert(located(list(absolutePath)), ({ value, place }) => unique(value, place)),
    spares: natural,
    options: list(text),
    overwrite: truth,
  },
  { unknown: 'error', required: ['level', 'devices'] },
);

/** `berth.raid`. */
export const raidRow = honoured<BerthDraft, Record<string, Located<NonNullable<ReturnType<typeof raidShape.read>>>>>({
  key: 'raid',
  meaning:
    'software RAID arrays by name (`level`, `devices`, `spares`, `options`, `overwrite`), made on the first apply only, or with `berth apply --destroy DEVICE`, and assembled at every boot; the device is /dev/md/NAME',
  shape: mapOf(located(raidShape), (name, place) => arrayName.read(name, place) !== undefined),
  apply(arrays, { host }) {
    for (const [name, { value, place }] of Object.entries(arrays)) {
      const { spares = 0, options = [], overwrite = false } = value;
      const fewest = fewestDevices[value.level];
      if (value.devices.length - spares < fewest) {
        const message = `RAID ${value.level} needs ${fewest} devices besides its spares`;
        place.child('devices').error('invalid-value', message);
        continue;
      }
      host.config.storage.raid.push({ name, level: value.level, devices: value.devices, spares, options, overwrite });
      host.name(['berth', 'raid', name], place);
    }
  },
});
