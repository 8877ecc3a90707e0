import { type DocumentPath, formatPath } from '../core/diagnostic.ts';
import type { HostConfig, UpdateConfig } from './host-config.ts';

/** One thing that a person would say has changed, by the key they would look for in their file. */
export interface ConfigChange {
  /** `hostname`, `users.ops`, `berth.services.web.image`, `berth.enable.ntp`. */
  readonly key: string;
  readonly change: 'added' | 'changed' | 'removed';
}

/** Something that is there or not as a whole; while it is there on both sides, its fields change one by one. */
interface Entity {
  readonly path: DocumentPath;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * What differs between two host configs, sorted by key. Pure.
 * The keys are those of `#cloud-config` and its `berth` block, whatever language the config was written in.
 */
export function diffConfigs(before: HostConfig, after: HostConfig): ConfigChange[] {
  const old = new Map(entitiesOf(before).map((entity) => [formatPath(entity.path), entity]));
  const current = new Map(entitiesOf(after).map((entity) => [formatPath(entity.path), entity]));
  const changes: ConfigChange[] = [];
  for (const key of old.keys()) if (!current.has(key)) changes.push({ key, change: 'removed' });
  for (const [key, entity] of current) {
    const previous = old.get(key);
    if (previous === undefined) changes.push({ key, change: 'added' });
    else changes.push(...diffFields(previous, entity));
  }
  return changes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function diffFields(before: Entity, after: Entity): ConfigChange[] {
  const names = new Set([...Object.keys(before.fields), ...Object.keys(after.fields)]);
  return [...names].flatMap((name): ConfigChange[] => {
    const [old, current] = [before.fields[name], after.fields[name]];
    if (canonical(old) === canonical(current)) return [];
    const key = formatPath(name === itself ? after.path : [...after.path, name]);
    if (old === undefined) return [{ key, change: 'added' }];
    return [{ key, change: current === undefined ? 'removed' : 'changed' }];
  });
}

/** The name of an entity's only field when it has no fields that a person would name. */
const itself = '';

function entitiesOf(config: HostConfig): Entity[] {
  const { connectivity, engines, compose, time } = config;
  return [
    ...whole(['hostname'], config.hostname),
    ...whole(['fqdn'], config.fqdn),
    ...config.users.flatMap((user) => whole(['users', user.name], user)),
    ...config.groups.flatMap((group) => whole(['groups', group.name], group)),
    ...grouped(config.files, ({ path }) => path).flatMap(([path, files]) => whole(['write_files', path], files)),
    ...(config.directories ?? []).flatMap((directory) => whole(['directories', directory.path], directory)),
    ...(config.links ?? []).flatMap((link) => whole(['links', link.path], link)),
    ...(config.absent?.users ?? []).flatMap((name) => whole(['absent', 'users', name], true)),
    ...(config.absent?.groups ?? []).flatMap((name) => whole(['absent', 'groups', name], true)),
    ...whole(['fetch'], config.fetch),
    ...whole(['refused'], config.refused),
    ...grouped(config.mounts, ({ target }) => target).flatMap(([target, mounts]) => whole(['mounts', target], mounts)),
    ...config.swap.flatMap((swap) => whole(['swap', swap.kind === 'file' ? swap.path : swap.source], swap)),
    ...config.storage.disks.flatMap((disk) => whole(['disk_setup', disk.device], disk)),
    ...config.storage.filesystems.flatMap((filesystem) => whole(['fs_setup', filesystem.device], filesystem)),
    ...whole(['growpart', 'devices'], config.storage.grow),
    ...config.storage.raid.flatMap((raid) => whole(['berth', 'raid', raid.name], raid)),
    ...(config.storage.luks ?? []).flatMap((luks) => whole(['berth', 'luks', luks.name], luks)),
    ...whole(['manage_etc_hosts'], config.manageHosts),
    ...whole(['locale'], config.locale),
    ...whole(['keyboard'], config.keyboard),
    ...whole(['berth', 'console', 'password_hash'], config.console.passwordHash),
    ...whole(['ssh_keys'], config.ssh?.hostKeys),
    ...whole(['ssh_genkeytypes'], config.ssh?.keyTypes),
    ...whole(['berth', 'report', 'url'], config.report.url),
    ...whole(['bootcmd'], config.commands?.early),
    ...whole(['runcmd'], config.commands?.late),
    ...(config.commands?.scripts ?? []).flatMap((script) => whole(['scripts', script.name], script)),
    ...whole(['vendor_data', 'enabled'], config.vendorData),
    ...whole(['vendor_data', 'prefix'], config.commands?.vendorPrefix),
    ...whole(['phone_home'], config.commands?.phoneHome),
    ...whole(['final_message'], config.commands?.finalMessage),
    ...whole(['power_state'], config.commands?.power),
    ...whole(['timezone'], time.zone),
    ...whole(['ntp', 'servers'], time.servers),
    ...whole(['ntp', 'pools'], time.pools),
    ...Object.entries(config.network ?? {}).flatMap(([part, value]) => whole(['network', part], value)),
    ...Object.entries(config.sysctl).flatMap(([name, value]) => whole(['berth', 'sysctl', name], value)),
    ...config.modules.flatMap((name) => whole(['berth', 'modules', name], true)),
    ...whole(['berth', 'kernel', 'arguments'], config.kernelArguments?.present),
    ...whole(['berth', 'kernel', 'absent_arguments'], config.kernelArguments?.absent),
    ...config.enable.flatMap((name) => whole(['berth', 'enable', name], true)),
    ...Object.entries(connectivity.dns).flatMap(([part, value]) => whole(['berth', 'dns', part], value)),
    ...whole(['berth', 'proxy', 'http'], connectivity.proxy.http),
    ...whole(['berth', 'proxy', 'https'], connectivity.proxy.https),
    ...whole(['berth', 'proxy', 'no_proxy'], connectivity.proxy.noProxy),
    ...whole(['berth', 'ca_certificates'], connectivity.caCertificates),
    ...Object.entries(connectivity.registries).flatMap(([host, value]) => whole(['berth', 'registries', host], value)),
    ...(['system', 'user'] as const).map((name) => ({
      path: ['berth', 'engines', name],
      fields: {
        log_driver: engines[name].logDriver,
        log_options: engines[name].logOptions,
        daemon: engines[name].daemon,
      },
    })),
    ...whole(['berth', 'engines', 'image_budget'], engines.imageBudgetBytes),
    ...whole(['berth', 'image_archives'], config.imageArchives),
    { path: ['berth', 'update'], fields: updateFields(config.update) },
    ...Object.entries(compose).flatMap(([part, entries]) =>
      Object.entries(entries as Readonly<Record<string, object>>).map(([name, value]) => ({
        path: ['berth', part, name],
        fields: { ...value },
      })),
    ),
  ];
}

/** By the keys of the text. */
function updateFields({ maxDeferralSeconds, rateLimitBytes, ...others }: UpdateConfig): Entity['fields'] {
  return { ...others, max_deferral: maxDeferralSeconds, rate_limit: rateLimitBytes };
}

/** Nothing for what is not declared. */
function whole(path: DocumentPath, value: unknown): Entity[] {
  const isDeclared = value !== undefined && !(Array.isArray(value) && value.length === 0);
  return isDeclared ? [{ path, fields: { [itself]: value } }] : [];
}

/** Files may append to one path, and mounts stack on one point: what is at one place is compared together. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
}

/** JSON with the keys of every mapping in order, so that equal values are equal texts. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, entry: unknown): unknown =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
