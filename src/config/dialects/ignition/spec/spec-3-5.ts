import { spec34 } from './spec-3-4.ts';
import { extendSpec, struct, truth } from './spec-table.ts';

/** Ignition 3.5.0: keys in IBM's crypto cards. */
export const spec35 = extendSpec(spec34, { luks: { cex: struct('cex') }, cex: { enabled: truth } });
