import { type IgnitionReading, readIgnition } from '../ignition/read.ts';
import { originOf, plain } from './traced.ts';
import type { ButaneTranslation } from './translate.ts';

/**
 * Reads the Ignition config of a translation as Ignition does, which is Butane's last step: what it finds is added to the
 * translation's problems, at the places of the Butane text. Undefined when there is no config.
 */
export function readTranslated({ ignition, root }: ButaneTranslation): IgnitionReading | undefined {
  if (ignition === undefined) return undefined;
  const place = root.via((problem) => ({ ...problem, path: originOf(ignition, problem.path) }));
  return readIgnition(plain(ignition), place);
}
