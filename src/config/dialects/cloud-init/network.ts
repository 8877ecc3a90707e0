import type { NetworkConfig } from '../../host-config.ts';
import { honoured, type KeyRow } from '../../key-table.ts';
import type { Place } from '../../place.ts';
import { record } from '../../record-shape.ts';
import { convert, either, type Located, located, mapOf, natural, oneOf, opaqueMap, type Shape } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

const devices = mapOf(opaqueMap);

const version2: Shape<NetworkConfig> = convert(
  record({
    version: natural,
    renderer: { ignored: 'Berth configures the network itself' },
    ethernets: devices,
    bonds: devices,
    vlans: devices,
    bridges: devices,
    wifis: { ignored: 'Berth has no wireless network' },
    config: { ignored: 'only version 2 of the network configuration is read', hint: 'write it in version 2 (netplan)' },
  }),
  ({ version, ...parts }, place): NetworkConfig | undefined => {
    if (version === 2) return { version, ...parts };
    place.warn(
      'unsupported',
      'has no effect: only version 2 of the network configuration is read',
      'write it in version 2 (netplan)',
      'key',
    );
    return undefined;
  },
);

const networkShape: Shape<NetworkConfig> = convert(
  either(version2, oneOf(['disabled'])),
  (value, place: Place): NetworkConfig | undefined => {
    if (typeof value !== 'string') return value;
    place.warn('unsupported', 'the network cannot be switched off on Berth', undefined, 'key');
    return undefined;
  },
);

/** `network`: cloud-init takes it from the datasource only; Berth reads it in the config as well. */
export const networkRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Located<NetworkConfig>>({
    key: 'network',
    meaning: 'network devices in netplan version 2 (`ethernets`, `bonds`, `vlans`, `bridges`)',
    shape: located(networkShape),
    apply({ value, place }, { host }) {
      host.config.network = structuredClone(value);
      host.name(['network'], place);
    },
  }),
];
