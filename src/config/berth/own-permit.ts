import type { MountConfig } from '../host-config.ts';
import type { HostDraft } from '../host-draft.ts';

/** Types of file systems that several hosts may have mounted from one block device. */
const clusterTypes: ReadonlySet<string> = new Set(['ocfs2', 'gfs2']);
/** Types that are this host's own, whatever stands as their source. */
const ownTypes: ReadonlySet<string> = new Set([
  'tmpfs',
  'ramfs',
  'ext4',
  'ext3',
  'ext2',
  'xfs',
  'btrfs',
  'vfat',
  'overlay',
]);

/** Reports a permit that no other host would see: each would get its own. */
export function warnOfOwnPermit({ config, named }: HostDraft): void {
  const { strategy, permit } = config.update;
  if (strategy !== 'permit' || permit === undefined || mayBeShared(permit.path, config.mounts)) return;
  named
    .get('berth.update.permit')
    ?.child('file')
    .warn(
      'own-permit',
      `${permit.path} is on each host's own disk: every host gets its own permit, so all may restart at once`,
      'declare a mount of what the hosts share (NFS, SMB) under "mounts", and put the file below it',
    );
}

/** Whether a path is on something declared that other hosts can have, too. Pure. */
function mayBeShared(path: string, mounts: readonly MountConfig[]): boolean {
  const innermost = mounts
    .filter(({ target }) => path.startsWith(`${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)
    .at(0);
  if (innermost === undefined) return false;
  const { source, type, options } = innermost;
  const others = mounts.filter((mount) => mount !== innermost);
  if (options.includes('bind') || options.includes('rbind')) return mayBeShared(`${source}/`, others);
  const isDevice = /^(\/[^/]|(PART)?(LABEL|UUID)=)/.test(source);
  return isDevice ? clusterTypes.has(type) : !ownTypes.has(type);
}
