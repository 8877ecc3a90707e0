import { deviceTag } from '../../config/device-path.ts';
import type { HostConfig, MountConfig } from '../../config/host-config.ts';
import { passwordIn, withoutPassword } from '../../config/mount-secret.ts';
import { formatPath } from '../../core/diagnostic.ts';
import { withBlock } from '../block-text.ts';
import type { MountEntry } from '../ports.ts';
import type { DesiredFile, PlanContext, ResourcePlan } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import { makersOf } from '../storage/makers.ts';

export interface ObservedMounts {
  /** undefined without a kernel. */
  readonly mounts: readonly MountEntry[] | undefined;
  /** Source in the config → path of the device; undefined when it is not there. For devices only. */
  readonly devices: ReadonlyMap<string, string | undefined>;
}

export const fstab = '/etc/fstab';
const networkTypes = new Set(['nfs', 'nfs4', 'cifs']);
/** Options that say something to other programs than mount(8) and the kernel. */
const ownOptions = new Set(['nofail', 'noauto', 'auto', '_netdev', 'user', 'nouser', 'users', 'owner', 'group']);
/** Options that the kernel shows as they are, each with its opposite. */
const flags: readonly (readonly [string, string])[] = [
  ['ro', 'rw'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
  ['noexec', 'exec'],
];

/** Options of the mount itself, not of the server's answers to it: mount(8) changes them while it is mounted. */
const changeable = new Set([
  ...flags.flat(),
  ...['defaults', 'async', 'sync', 'atime', 'noatime', 'diratime', 'nodiratime', 'relatime', 'norelatime'],
  ...['strictatime', 'nostrictatime', 'lazytime', 'nolazytime'],
]);

/** True for a source that is a block device. */
export function isDevice(source: string): boolean {
  return source.startsWith('/dev/') || /^(LABEL|UUID|PARTLABEL|PARTUUID)=/.test(source);
}

/** File systems on their mount points, and fstab(5), for people and mount(8). Pure. */
export function planMounts(config: HostConfig, observed: ObservedMounts, context: PlanContext): ResourcePlan {
  const files = fstabFile(config, context);
  if (observed.mounts === undefined) return { files };
  const steps: HostStep[] = [];
  const blocked: BlockedChange[] = [];
  const present = (target: string): MountEntry | undefined =>
    observed.mounts?.findLast((mount) => mount.target === target);

  // One that is below another goes first.
  for (const old of context.previous.mounts.toSorted((a, b) => depth(b.target) - depth(a.target))) {
    if (config.mounts.some(({ target }) => target === old.target) || present(old.target) === undefined) continue;
    const about = {
      subject: `mount${old.target}`,
      key: formatPath(['mounts', old.target]),
      cost: 'restart-service' as const,
    };
    steps.push(context.step({ kind: 'unmount', target: old.target }, { ...about, summary: `unmount ${old.target}` }));
  }
  // The mount point of one may be below that of another.
  for (const mount of config.mounts.toSorted((a, b) => depth(a.target) - depth(b.target))) {
    if (mount.options.includes('noauto')) continue;
    const about = {
      subject: `mount${mount.target}`,
      key: formatPath(['mounts', mount.target]),
      phase: isOnline(mount) ? ('online' as const) : ('early' as const),
      optional: mount.options.includes('nofail'),
    };
    const entry = present(mount.target);
    const request = {
      ...mount,
      source: deviceTag(mount.source),
      options: mount.options.filter((option) => !ownOptions.has(option)),
    };
    const makers = makersOf(mount.source, config.storage);
    if (entry === undefined) {
      const isThere = !isDevice(mount.source) || observed.devices.get(mount.source) !== undefined;
      if (!isThere && makers.length === 0 && about.optional) {
        const why = `${mount.source} is not there`;
        blocked.push({
          subject: about.subject,
          key: about.key,
          why,
          until: 'device',
          hint: 'it is looked for again later',
        });
        continue;
      }
      const summary = `mount ${mount.source} on ${mount.target}`;
      steps.push(context.step({ kind: 'mount', mount: request }, { ...about, summary, after: makers }));
    } else if (!isSource(mount, entry, observed)) {
      const summary = `mount ${mount.source} on ${mount.target} in the place of ${entry.source}`;
      const action = { kind: 'mount-anew', mount: request, unmountFirst: true } as const;
      steps.push(context.step(action, { ...about, summary, cost: 'restart-service', after: makers }));
    } else if (!hasOptions(mount, entry, context)) {
      const fixed = fixedOptions(mount, context);
      const options = request.options.map((option) => withoutPassword(option, '…')).join(',');
      const summary =
        fixed.length === 0
          ? `mount ${mount.target} with other options: ${options}`
          : `unmount ${mount.target} and mount it with other options: ${options}`;
      const action = { kind: 'mount-anew', mount: request, unmountFirst: fixed.length > 0 } as const;
      const cost = fixed.length > 0 ? 'restart-service' : 'live';
      steps.push(context.step(action, { ...about, summary, cost }));
    }
  }
  return { files, steps, blocked };
}

function fstabFile(config: HostConfig, context: PlanContext): DesiredFile[] {
  const declares = ({ mounts, swap }: HostConfig): boolean => mounts.length + swap.length > 0;
  if (!declares(config) && !declares(context.previous)) return [];
  const mounts = config.mounts.map(({ source, target, type, options }) =>
    [deviceTag(source).replaceAll(' ', '\\040'), target, type, options.join(',') || 'defaults', '0', '0'].join(' '),
  );
  const swaps = config.swap.map((swap) => {
    const options = swap.kind === 'device' ? swap.options.join(',') : '';
    return [swap.kind === 'device' ? swap.source : swap.path, 'none', 'swap', options || 'defaults', '0', '0'].join(
      ' ',
    );
  });
  const content = withBlock(context.baseText(fstab), 'mounts', [...mounts, ...swaps]);
  const hasSecret = config.mounts.some(({ options }) => options.some((option) => passwordIn(option) !== undefined));
  return [{ path: fstab, content, mode: hasSecret ? 0o600 : 0o644, key: 'mounts', subject: 'host/fstab' }];
}

function isOnline({ type, options }: MountConfig): boolean {
  return networkTypes.has(type) || options.includes('_netdev');
}

function isSource(mount: MountConfig, entry: MountEntry, { devices }: ObservedMounts): boolean {
  if (isDevice(mount.source)) {
    const device = devices.get(mount.source);
    return device === undefined || device === entry.source;
  }
  // The kernel does not say which directory a bind mount shows.
  if (isBind(mount)) return true;
  if (networkTypes.has(mount.type)) return entry.source === mount.source;
  return mount.type === 'auto' || mount.type === entry.type;
}

function isBind({ options }: MountConfig): boolean {
  return options.includes('bind') || options.includes('rbind');
}

function hasOptions(mount: MountConfig, entry: MountEntry, { previous }: PlanContext): boolean {
  const old = previous.mounts.find(({ target }) => target === mount.target);
  // What the kernel does not show was applied with the config before, unless that said something else.
  if (old !== undefined && shownOptions(old) !== shownOptions(mount)) return false;
  return flags.every(([flag, opposite]) => {
    const said = mount.options.findLast((option) => option === flag || option === opposite);
    return said === undefined || entry.options.includes(flag) === (said === flag);
  });
}

/** Those that the kernel is told. */
function shownOptions({ options }: MountConfig): string {
  return options.filter((option) => !ownOptions.has(option) && option !== 'defaults').join();
}

/** What changed and the kernel cannot change while it is mounted: of NFS and SMB, all but {@link changeable}. */
function fixedOptions(mount: MountConfig, { previous }: PlanContext): string[] {
  const old = previous.mounts.find(({ target }) => target === mount.target);
  if (!networkTypes.has(mount.type) || old === undefined) return [];
  const changed = new Set(old.options).symmetricDifference(new Set(mount.options));
  return [...changed].filter((option) => !changeable.has(option) && !ownOptions.has(option));
}

function depth(path: string): number {
  return path.split('/').length;
}
