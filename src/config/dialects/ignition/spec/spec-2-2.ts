import { spec21 } from './spec-2-1.ts';
import { extendSpec, list, struct, texts, truth } from './spec-table.ts';

/** Ignition 2.2.0: certificate authorities, `overwrite` and `append`, drop-ins for networkd, options for arrays. */
export const spec22 = extendSpec(spec21, {
  ignition: { security: struct('security') },
  security: { tls: struct('tls') },
  tls: { certificateAuthorities: list('reference') },
  file: { overwrite: truth, append: truth },
  directory: { overwrite: truth },
  link: { overwrite: truth },
  networkdUnit: { dropins: list('dropin') },
  raid: { options: texts },
});
