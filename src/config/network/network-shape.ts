import { describeValue, isMapping, type Shape } from '../shape.ts';
import type { NetworkConfig } from './network-config.ts';
import { version1 } from './version1.ts';
import { version2 } from './version2.ts';

/** A network configuration in cloud-init's version 1 or version 2 (netplan), told apart by `version`. */
export const networkShape: Shape<NetworkConfig> = {
  name: 'a network configuration',
  schema: { anyOf: [version2.schema, version1.schema, { enum: ['disabled'] }] },
  accepts: (value) => isMapping(value) || value === 'disabled',
  read(value, place) {
    if (value === 'disabled' || (isMapping(value) && value['config'] === 'disabled')) {
      place.warn('unsupported', 'the network cannot be switched off on Berth', undefined, 'key');
      return undefined;
    }
    if (!isMapping(value)) {
      place.error('wrong-type', `expected a mapping, found ${describeValue(value)}`);
      return undefined;
    }
    const version = String(value['version']);
    if (version === '2') return version2.read(value, place);
    if (version === '1') return version1.read(value, place);
    place.error(
      'invalid-value',
      'the "version" of a network configuration is 1 or 2',
      'write it in version 2 (netplan)',
    );
    return undefined;
  },
};
