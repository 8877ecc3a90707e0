import { honoured, type KeyRow } from '../../key-table.ts';
import type { NetworkConfig } from '../../network/network-config.ts';
import { networkShape } from '../../network/network-shape.ts';
import { type Located, located } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

/** `network`: cloud-init takes it from the datasource only; Berth reads it in the config as well. */
export const networkRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Located<NetworkConfig>>({
    key: 'network',
    meaning: 'network devices in netplan version 2 (`ethernets`, `bonds`, `vlans`, `bridges`) or in version 1',
    shape: located(networkShape),
    apply({ value, place }, { host }) {
      Object.assign(host.config, { network: structuredClone(value) });
      host.name(['network'], place);
    },
  }),
];
