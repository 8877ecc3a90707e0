import type { HostConfig } from '../config/host-config.ts';
import type { SkippedStep } from '../core/plan.ts';

/** `host`: Berth runs the machine. `local`: it is a guest on somebody's own machine and changes nothing of it. */
export type HostMode = 'host' | 'local';

interface Resource {
  /** Key path in the config. */
  readonly key: string;
  readonly subject: (item: string) => string;
  /** Names of what is declared; a single nameless thing is `['']`. */
  readonly declared: (config: HostConfig) => readonly string[];
  /** Why a guest leaves it alone, and what is done instead. */
  readonly whyLocal: string;
}

const single =
  (pick: (config: HostConfig) => unknown) =>
  (config: HostConfig): readonly string[] =>
    pick(config) === undefined ? [] : [''];

/** The machine's own resources, one row each. */
const resources: readonly Resource[] = [
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
    key: 'mounts',
    subject: (target) => `mount${target}`,
    declared: ({ mounts }) => mounts.map(({ target }) => target),
    whyLocal: "mounts of this machine are its owner's",
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
  },
  {
    key: 'berth.modules',
    subject: (name) => `module/${name}`,
    declared: ({ modules }) => modules,
    whyLocal: "this machine's kernel is its owner's",
  },
  {
    key: 'berth.ca_certificates',
    subject: () => 'host/ca-certificates',
    declared: ({ connectivity }) => (connectivity.caCertificates.length === 0 ? [] : ['']),
    whyLocal: "this machine's trusted certificates are its owner's; Berth's own engines trust them",
  },
  {
    key: 'berth.update',
    subject: () => 'host/update',
    declared: ({ update }) => (update.feed === undefined ? [] : ['']),
    whyLocal: 'this machine does not run the Berth image, so there is nothing to update',
  },
];

/** What the config asks of the machine itself and a guest leaves alone, each with its reason. Pure. */
export function skippedOnLocalHost(config: HostConfig): SkippedStep[] {
  return resources.flatMap(({ key, subject, declared, whyLocal }) =>
    declared(config).map((name) => ({
      subject: subject(name),
      key: name === '' ? key : `${key}.${name}`,
      why: whyLocal,
    })),
  );
}
