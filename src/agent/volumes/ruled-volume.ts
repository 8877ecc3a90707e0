import type { EngineName, VolumeRollback } from '../../config/service-spec.ts';
import type { Desired } from '../../services/model.ts';

/** A volume that has a word on what becomes of it when a release is taken back. */
export interface RuledVolume {
  readonly rollback: Exclude<VolumeRollback, 'keep'>;
  readonly engine: EngineName;
  /** On the engine: `berth_db`. */
  readonly name: string;
}

/** Where each engine's volumes are, below the state directory: data roots of engine/engine-spec.ts and own-engines.ts. */
const volumeDirectories: Readonly<Record<EngineName, string>> = {
  system: 'system-engine/data/volumes',
  user: 'user-engine/volumes',
};

/** Where an engine's own driver keeps what is in a volume, below the state directory. Pure. */
export function dataOf({ engine, name }: Pick<RuledVolume, 'engine' | 'name'>): string {
  return `${volumeDirectories[engine]}/${name}/_data`;
}

/** `user/berth_db`. Pure. */
export function shownVolume({ engine, name }: Pick<RuledVolume, 'engine' | 'name'>): string {
  return `${engine}/${name}`;
}

/** The volumes of what is declared that have a word on rollbacks. Pure. */
export function ruledVolumes({ volumes }: Pick<Desired, 'volumes'>): RuledVolume[] {
  const ruled = volumes.flatMap(({ engine, name, rollback }) =>
    rollback === 'keep' ? [] : [{ rollback, engine, name }],
  );
  return ruled.toSorted((a, b) => (rulesLine(a) < rulesLine(b) ? -1 : 1));
}

/** What `keep-volumes` of the image reads before any service runs: `RULE ENGINE NAME DATA`, a line each. Pure. */
export function rulesText(ruled: readonly RuledVolume[]): string {
  return ruled.map((volume) => `${rulesLine(volume)}\n`).join('');
}

function rulesLine(volume: RuledVolume): string {
  return `${volume.rollback} ${volume.engine} ${volume.name} ${dataOf(volume)}`;
}
