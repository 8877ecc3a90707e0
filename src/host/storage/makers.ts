import { deviceTag, mapperPath } from '../../config/device-path.ts';
import type { StorageConfig } from '../../config/storage-config.ts';

export const arrayPath = (name: string): string => `/dev/md/${name}`;

/** Steps that may have to be done before a device can be used; those that are not in a plan are done. Pure. */
export function makersOf(source: string, { filesystems, raid, luks = [] }: StorageConfig): string[] {
  const name = deviceTag(source);
  const label = /^LABEL=(.+)$/.exec(name)?.[1];
  const made = filesystems.filter(
    (one) => deviceTag(one.device) === name || (label !== undefined && one.label === label),
  );
  const devices = new Set([name, ...made.map(({ device }) => deviceTag(device))]);
  return [
    ...made.map(({ device }) => `make-filesystem:${device}`),
    ...raid
      .filter((array) => devices.has(arrayPath(array.name)))
      .flatMap((array) => [`create-array:${array.name}`, `assemble-array:${array.name}`]),
    ...luks.filter((volume) => devices.has(mapperPath(volume.name))).map((volume) => `open-luks:${volume.name}`),
  ];
}
