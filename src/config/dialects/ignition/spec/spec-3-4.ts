import { spec33 } from './spec-3-3.ts';
import { extendSpec, text, texts, truth } from './spec-table.ts';

/** Ignition 3.4.0: how encrypted devices are opened, Tang servers without a network, S3 by ARN. */
export const spec34 = extendSpec(spec33, {
  luks: { discard: truth, openOptions: texts },
  tang: { advertisement: text },
});
