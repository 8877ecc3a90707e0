import { spec31 } from './spec-3-1.ts';
import { extendSpec, int, list, struct, text, texts, truth } from './spec-table.ts';

/** Ignition 3.2.0: encrypted devices, accounts that are to go, partitions that grow. */
export const spec32 = extendSpec(spec31, {
  storage: { luks: list('luks') },
  luks: {
    name: text,
    device: text,
    keyFile: struct('resource'),
    label: text,
    uuid: text,
    options: texts,
    wipeVolume: truth,
    clevis: struct('clevis'),
  },
  clevis: { tang: list('tang'), tpm2: truth, threshold: int, custom: struct('clevisCustom') },
  tang: { url: text, thumbprint: text },
  clevisCustom: { pin: text, config: text, needsNetwork: truth },
  partition: { resize: truth },
  user: { shouldExist: truth },
  group: { shouldExist: truth },
});
