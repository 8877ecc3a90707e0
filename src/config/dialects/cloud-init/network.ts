import { honoured, type KeyRow } from '../../key-table.ts';
import type { NetworkConfig } from '../../network/network-config.ts';
import { networkShape } from '../../network/network-shape.ts';
import { type Located, located } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

/** `network`: cloud-init's schema has it in network-config only; a config that has it here keeps its host reachable. */
export const networkRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Located<NetworkConfig>>({
    key: 'network',
    meaning: "read as `berth.network`, which is where it belongs: cloud-init's schema refuses it here",
    shape: located(networkShape),
    apply({ value, place }, { host }) {
      Object.assign(host.config, { network: structuredClone(value) });
      host.name(['network'], place);
    },
  }),
];
