import { networkConfig } from '../network/network-dialect.ts';
import { butane } from './butane/butane.ts';
import { cloudInit } from './cloud-init/cloud-init.ts';
import type { Dialect } from './dialect.ts';
import { ignition } from './ignition/ignition.ts';

/** The languages Berth reads. Order matters: the first row that recognises a text reads it. */
export const dialects = [cloudInit, ignition, butane, networkConfig] as const satisfies readonly Dialect[];

export type DialectName = (typeof dialects)[number]['name'];

export const dialectNames: readonly DialectName[] = dialects.map(({ name }) => name);
