import { spec36 } from './spec-3-6.ts';

/** Ignition 3.7.0-experimental, as of module version 2.27.0: no new field; the file system format `virtiofs`. */
export const spec37 = spec36;
