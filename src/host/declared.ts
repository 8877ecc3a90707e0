import type { HostConfig } from '../config/host-config.ts';
import { formatPath } from '../core/diagnostic.ts';

interface DeclaredKey {
  /** Key path in the config. */
  readonly key: string;
  readonly subject: (item: string) => string;
  /** Names of what is declared; a single nameless thing is `['']`. */
  readonly declared: (config: HostConfig) => readonly string[];
  /** Why a guest leaves it alone, and what is done instead. */
  readonly whyLocal: string;
  /** True for what only a running system has: a directory tree is left without it. */
  readonly needsKernel?: true;
}

const single =
  (pick: (config: HostConfig) => unknown) =>
  (config: HostConfig): readonly string[] =>
    pick(config) === undefined ? [] : [''];

/** Everything a config may say about the machine itself, one row each. */
export const declaredKeys: readonly DeclaredKey[] = [
  {
    key: 'hostname',
    subject: () => 'host/hostname',
    declared: single(({ hostname }) => hostname),
    whyLocal: "this machine's name is its owner's; containers can have their own",
  },
  {
    key: 'fqdn',
    subject: () => 'host/fqdn',
    declared: single(({ fqdn }) => fqdn),
    whyLocal: "this machine's name is its owner's",
  },
  {
    key: 'users',
    subject: (name) => `user/${name}`,
    declared: ({ users }) => users.map(({ name }) => name),
    whyLocal: 'no account is made on this machine; the console service has it',
  },
  {
    key: 'groups',
    subject: (name) => `group/${name}`,
    declared: ({ groups }) => groups.map(({ name }) => name),
    whyLocal: 'no group is made on this machine',
  },
  {
    key: 'write_files',
    subject: (path) => `file${path}`,
    declared: ({ files }) => files.map(({ path }) => path),
    whyLocal: "files of this machine are its owner's",
  },
  {
    key: 'directories',
    subject: (path) => `directory${path}`,
    declared: ({ directories = [] }) => directories.map(({ path }) => path),
    whyLocal: "directories of this machine are its owner's",
  },
  {
    key: 'links',
    subject: (path) => `link${path}`,
    declared: ({ links = [] }) => links.map(({ path }) => path),
    whyLocal: "links of this machine are its owner's",
  },
  {
    key: 'absent.users',
    subject: (name) => `user/${name}`,
    declared: ({ absent }) => absent?.users ?? [],
    whyLocal: "accounts of this machine are its owner's",
  },
  {
    key: 'absent.groups',
    subject: (name) => `group/${name}`,
    declared: ({ absent }) => absent?.groups ?? [],
    whyLocal: "groups of this machine are its owner's",
  },
  {
    key: 'mounts',
    subject: (target) => `mount${target}`,
    declared: ({ mounts }) => mounts.map(({ target }) => target),
    whyLocal: "mounts of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'manage_etc_hosts',
    subject: () => 'host/hosts',
    declared: single(({ manageHosts }) => manageHosts),
    whyLocal: "this machine's hosts file is its owner's; services have extra_hosts",
  },
  {
    key: 'locale',
    subject: () => 'host/locale',
    declared: single(({ locale }) => locale),
    whyLocal: "this machine's locale is its owner's; services set their own LANG",
  },
  {
    key: 'keyboard',
    subject: () => 'host/keyboard',
    declared: single(({ keyboard }) => keyboard),
    whyLocal: "this machine's keyboard is its owner's",
    needsKernel: true,
  },
  {
    key: 'disk_setup',
    subject: (device) => `disk${device}`,
    declared: ({ storage }) => storage.disks.map(({ device }) => device),
    whyLocal: "disks of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'fs_setup',
    subject: (device) => `filesystem${device}`,
    declared: ({ storage }) => storage.filesystems.map(({ device }) => device),
    whyLocal: "disks of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.raid',
    subject: (name) => `raid/${name}`,
    declared: ({ storage }) => storage.raid.map(({ name }) => name),
    whyLocal: "disks of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.luks',
    subject: (name) => `luks/${name}`,
    declared: ({ storage }) => (storage.luks ?? []).map(({ name }) => name),
    whyLocal: "disks of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'growpart',
    subject: () => 'host/growpart',
    declared: ({ storage }) => (storage.grow.length === 0 ? [] : ['']),
    whyLocal: "disks of this machine are its owner's",
    needsKernel: true,
  },
  {
    key: 'swap',
    subject: (name) => `swap${name}`,
    declared: ({ swap }) => swap.map((one) => (one.kind === 'file' ? one.path : one.source)),
    whyLocal: "this machine's swap space is its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.console',
    subject: () => 'host/console',
    declared: single(({ console }) => console.passwordHash),
    whyLocal: 'this machine has its own rescue shell, if any',
  },
  {
    key: 'timezone',
    subject: () => 'host/timezone',
    declared: single(({ time }) => time.zone),
    whyLocal: "this machine's time zone is its owner's",
  },
  {
    key: 'network',
    subject: () => 'host/network',
    declared: single(({ network }) => network),
    whyLocal: "this machine's network is its owner's",
  },
  {
    key: 'berth.sysctl',
    subject: (name) => `sysctl/${name}`,
    declared: ({ sysctl }) => Object.keys(sysctl),
    whyLocal: "this machine's kernel settings are its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.modules',
    subject: (name) => `module/${name}`,
    declared: ({ modules }) => modules,
    whyLocal: "this machine's kernel is its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.kernel.arguments',
    subject: () => 'kernel/arguments',
    declared: ({ kernelArguments }) => (kernelArguments?.present.length ? [''] : []),
    whyLocal: "this machine's kernel is its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.kernel.absent_arguments',
    subject: () => 'kernel/absent-arguments',
    declared: ({ kernelArguments }) => (kernelArguments?.absent.length ? [''] : []),
    whyLocal: "this machine's kernel is its owner's",
    needsKernel: true,
  },
  {
    key: 'berth.ca_certificates',
    subject: () => 'host/ca-certificates',
    declared: ({ connectivity }) => (connectivity.caCertificates.length === 0 ? [] : ['']),
    whyLocal: "this machine's trusted certificates are its owner's; Berth's own engines trust them",
  },
  {
    key: 'bootcmd',
    subject: () => 'commands/bootcmd',
    declared: ({ commands }) => (commands?.early.length ? [''] : []),
    whyLocal: 'nothing of a config is run on this machine; use a service',
    needsKernel: true,
  },
  {
    key: 'runcmd',
    subject: () => 'commands/runcmd',
    declared: ({ commands }) => (commands?.late.length ? [''] : []),
    whyLocal: 'nothing of a config is run on this machine; use a service',
    needsKernel: true,
  },
  {
    key: 'scripts',
    subject: (name) => `commands/${name}`,
    declared: ({ commands }) => (commands?.scripts ?? []).map(({ name }) => name),
    whyLocal: 'nothing of a config is run on this machine; use a service',
    needsKernel: true,
  },
  {
    key: 'phone_home',
    subject: () => 'commands/phone_home',
    declared: single(({ commands }) => commands?.phoneHome),
    whyLocal: "this machine's owner knows of it",
    needsKernel: true,
  },
  {
    key: 'final_message',
    subject: () => 'commands/final_message',
    declared: single(({ commands }) => commands?.finalMessage),
    whyLocal: "this machine's console is its owner's",
    needsKernel: true,
  },
  {
    key: 'power_state',
    subject: () => 'commands/power_state',
    declared: single(({ commands }) => commands?.power),
    whyLocal: "this machine is not Berth's to power off",
    needsKernel: true,
  },
  {
    key: 'berth.volumes',
    subject: (name) => `volume/${name}`,
    declared: ({ compose }) =>
      Object.entries(compose.volumes).flatMap(([name, { 'x-berth': extension }]) =>
        (extension?.rollback ?? 'keep') === 'keep' ? [] : [name],
      ),
    whyLocal: 'this machine does not run the Berth image: no release is taken back here, and the volume stays as it is',
  },
  {
    key: 'berth.update',
    subject: () => 'host/update',
    declared: ({ update }) => (update.feed === undefined ? [] : ['']),
    whyLocal: 'this machine does not run the Berth image, so there is nothing to update',
  },
];

/** Key path of one thing declared under a row's key. */
export function declaredKey(key: string, name: string): string {
  return name === '' ? key : formatPath([...key.split('.'), name]);
}
