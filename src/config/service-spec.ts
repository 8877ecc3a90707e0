/** The Compose part of the model. The types stand where they are read: see `compose/`. */
export type { ComposeModel } from './compose/model.ts';
export type { ServiceSpec } from './compose/service-keys.ts';
export type * from './compose/types.ts';
