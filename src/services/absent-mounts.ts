import { isBelow } from './host-sources.ts';
import type { Desired, DesiredService } from './model.ts';

/** A directory of this host that is declared to be mounted, and is not. */
export interface AbsentMount {
  /** Absolute path. */
  readonly target: string;
  readonly why: string;
  /** True while its turn is still to come: it was not tried yet. */
  readonly isComing: boolean;
}

/**
 * The absent mounts that a service's bind mounts lie on: started now, its container would have the empty directories below
 * them, for as long as it runs. Berth's own services wait for none; they are how a person gets in to mend it. Pure.
 */
export function mountsMissedBy(
  { origin, container, volumes, engine }: DesiredService,
  desired: Desired,
  absent: readonly AbsentMount[],
): AbsentMount[] {
  if (origin === 'catalogue' || absent.length === 0) return [];
  const binds = container.mounts.filter(({ type }) => type === 'bind').map(({ source }) => source);
  const devices = desired.volumes
    .filter((volume) => volume.engine === engine && volumes.includes(volume.name))
    .map(({ create }) => boundDirectory(create.driverOptions));
  const paths = [...binds, ...devices].filter((path) => path !== undefined);
  return absent.filter(({ target }) => paths.some((path) => isBelow(path, target)));
}

/** Docker's local driver makes a bind mount of a volume that names a device and says "bind". */
function boundDirectory({ device, o = '' }: Readonly<Record<string, string>>): string | undefined {
  return o.split(',').some((option) => option === 'bind' || option === 'rbind') ? device : undefined;
}
