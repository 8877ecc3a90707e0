import { spec35 } from './spec-3-5.ts';

/** Ignition 3.6.0: no new field; modes may have the set-user-id, set-group-id and sticky bits, and any Clevis pin goes. */
export const spec36 = spec35;
