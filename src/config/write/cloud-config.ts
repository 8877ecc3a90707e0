import { stringify } from 'yaml';
import type { HostConfig } from '../host-config.ts';
import { writeGroup, writeUser } from './accounts.ts';
import { writeBerthBlock } from './berth.ts';
import { writeCommands } from './commands.ts';
import { writeFile } from './files.ts';
import { writeNetwork } from './network.ts';
import { writeDisk, writeFilesystem, writeMounts, writeSwapFile } from './storage.ts';
import { filled, map, type WrittenMap } from './written.ts';

/**
 * A host config as a `#cloud-config` with the block `berth`: read again, it is the same host config, as far as that language
 * has words for it. Secrets stand in it. Pure.
 */
export function writeCloudConfig(config: HostConfig): string {
  const { time } = config;
  const usesNtp = time.servers.length + time.pools.length > 0;
  const document = map({
    ...writeNames(config),
    timezone: time.zone,
    manage_etc_hosts: config.manageHosts,
    locale: config.locale,
    keyboard: config.keyboard === undefined ? undefined : map({ ...config.keyboard }),
    ntp: usesNtp ? { servers: filled(time.servers), pools: filled(time.pools) } : undefined,
    users: filled(config.users.map(writeUser)),
    groups: filled(config.groups.map(writeGroup)),
    ...writeSsh(config),
    write_files: filled(config.files.map(writeFile)),
    ...writeStorage(config),
    ...writeCommands(config),
    network: config.network === undefined ? undefined : writeNetwork(config.network),
    berth: writeBerthBlock(config, usesNtp ? ['ntp'] : []),
  });
  if (document === undefined) return '#cloud-config\n{}\n';
  // YAML 1.1 as it is read: what would be a number or a truth value there is put in quotes.
  return `#cloud-config\n${stringify(document, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function writeNames({ hostname, fqdn }: HostConfig): WrittenMap {
  const isFqdn = fqdn !== undefined && hostname === fqdn && fqdn.includes('.');
  return { hostname, fqdn, prefer_fqdn_over_hostname: isFqdn ? true : undefined };
}

function writeSsh({ ssh }: HostConfig): WrittenMap {
  const keys = (ssh?.hostKeys ?? []).flatMap(({ type, privateKey, certificate }) => [
    [`${type}_private`, privateKey] as const,
    ...(certificate === undefined ? [] : [[`${type}_certificate`, certificate] as const]),
  ]);
  return { ssh_keys: map(Object.fromEntries(keys)), ssh_genkeytypes: filled(ssh?.keyTypes ?? []) };
}

function writeStorage({ storage, swap, mounts }: HostConfig): WrittenMap {
  return {
    disk_setup: map(Object.fromEntries(storage.disks.map((disk) => [disk.device, writeDisk(disk)]))),
    fs_setup: filled(storage.filesystems.map(writeFilesystem)),
    growpart: storage.grow.length === 0 ? undefined : { mode: 'auto', devices: storage.grow },
    swap: writeSwapFile(swap),
    mounts: filled(writeMounts(mounts, swap)),
  };
}
