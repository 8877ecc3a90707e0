import { devicePath } from '../../device-path.ts';
import type { UserConfig } from '../../host-config.ts';
import { HostDraft } from '../../host-draft.ts';
import type { PasswordHasher } from '../../password.ts';
import type { Place } from '../../place.ts';
import { describeEntry, type Located } from '../../shape.ts';
import { hashOf, type Password, setPassword } from './account-password.ts';
import { type DeclaredUser, defaultUser, mergeDefaultUser } from './default-user.ts';

/** What `chpasswd` changes when it names root, who is on every host. */
const rootUser = {
  name: 'root',
  groups: [],
  createHome: false,
  system: true,
  lockPassword: true,
  sudo: [],
  sshAuthorizedKeys: [],
} satisfies UserConfig;

/** A host config while cloud-init's keys are taken; holds what only makes sense once all of them are known. */
export class CloudInitDraft {
  readonly host = new HostDraft();
  readonly hashPassword: PasswordHasher;
  /** Set when `users` was given; `default` among them stands for the default user. */
  users: { readonly place: Place; readonly all: readonly DeclaredUser[] } | undefined;
  /** What `user` changes in the default user. */
  user: Located<Partial<UserConfig>> | undefined;
  /** The default user's, from the key `password`. */
  password: Located<string> | undefined;
  /** From `chpasswd`; the last one of a user counts. */
  passwords: readonly Located<Password>[] = [];
  deviceAliases: Readonly<Record<string, string>> = {};
  /** The top-level `ssh_authorized_keys`: the default user's. */
  keys: Located<readonly string[]> | undefined;
  /** From the top-level `ssh_import_id`: whose keys the default user takes besides. */
  importedKeys: Located<readonly string[]> | undefined;
  hostname: Located<string> | undefined;
  fqdn: Located<string> | undefined;
  preferFqdn: Located<boolean> | undefined;
  preserveHostname: Located<boolean> | undefined;
  /** What `mounts` entries take for the fields they leave out. */
  mountDefaults: readonly Located<string | null>[] | undefined;
  /** Of these fields those that an entry took. */
  readonly usedMountDefaults = new Set<number>();
  manageResolvConf: Located<boolean> | undefined;
  /** Names of device_aliases that something was declared with. */
  readonly usedAliases = new Set<string>();
  deviceAliasesPlace: Place | undefined;
  resolvConf: Located<ResolvConf> | undefined;
  /** From `rsyslog`: where everything is sent. */
  logTargets: Located<readonly string[]> | undefined;

  constructor(hashPassword: PasswordHasher) {
    this.hashPassword = hashPassword;
  }

  /** The path of a device, as mount(8) takes it; undefined, and a warning, for one that only a provider knows. */
  device(name: string, place: Place, entry?: unknown): string | undefined {
    const path = devicePath(name, this.deviceAliases);
    for (const alias of [name, name.split('.', 1)[0] ?? '']) this.usedAliases.add(alias);
    if (path !== undefined && /\s|\0/.test(path)) {
      place.error('invalid-value', 'the name of a device has no blanks');
      return undefined;
    }
    if (path === undefined) {
      place.warn(
        'unsupported',
        `names a device that only a cloud provider knows by this name${entry === undefined ? '' : `: ${describeEntry(entry)} is left out`}`,
        'give a path below /dev, LABEL= or UUID=, or name the device under device_aliases',
      );
    }
    return path;
  }

  /** Does what depends on several keys. */
  finish(): void {
    this.#finishHostname();
    this.#finishDefaultUser();
    this.#finishPasswords();
    this.#finishResolvConf();
    this.#reportUnused();
  }

  /** What was given and nothing else asked for. */
  #reportUnused(): void {
    for (const [index, { value, place }] of (this.mountDefaults ?? []).slice(0, 4).entries()) {
      if (value !== null && !this.usedMountDefaults.has(index))
        place.inform('no-effect', 'is not used: no entry of "mounts" leaves this field out');
    }
    for (const alias of Object.keys(this.deviceAliases)) {
      if (!this.usedAliases.has(alias))
        this.deviceAliasesPlace
          ?.child(alias)
          .inform('no-effect', 'nothing is declared with this name', undefined, 'key');
    }
  }

  /** cloud-init: the FQDN's first label is the host name unless one is given; a host name with dots is also the FQDN. */
  #finishHostname(): void {
    const { config } = this.host;
    const given = this.hostname?.value ?? this.fqdn?.value;
    if (!(this.fqdn?.value ?? given ?? '').includes('.'))
      this.preferFqdn?.place.inform('no-effect', 'has no effect without a full domain name', undefined, 'key');
    if (given === undefined) {
      this.preserveHostname?.place.inform('no-effect', 'has no effect without a host name', undefined, 'key');
      return;
    }
    if (this.preserveHostname?.value === true) {
      (this.hostname ?? this.fqdn)?.place.warn(
        'no-effect',
        'is not applied, because preserve_hostname is true',
        undefined,
        'key',
      );
      return;
    }
    const fqdn = this.fqdn?.value ?? (given.includes('.') ? given : undefined);
    if (fqdn !== undefined) config.fqdn = fqdn;
    if (this.preferFqdn?.value === true && this.fqdn !== undefined)
      this.hostname?.place.inform('no-effect', 'has no effect: the host name is the FQDN', undefined, 'key');
    const short = given.split('.', 1)[0] ?? given;
    config.hostname = this.preferFqdn?.value === true ? (fqdn ?? short) : short;
    const place = this.hostname?.place ?? this.fqdn?.place;
    if (place !== undefined) this.host.name(['hostname'], place);
    const fqdnPlace = this.fqdn?.place ?? place;
    if (fqdn !== undefined && fqdnPlace !== undefined) this.host.name(['fqdn'], fqdnPlace);
  }

  #finishDefaultUser(): void {
    const given = this.keys ?? this.importedKeys ?? this.password;
    const named = this.#declaredUser('default');
    const place = named?.place ?? this.user?.place ?? (this.users === undefined ? given?.place : undefined);
    if (place === undefined) {
      for (const [what, unused] of [
        ['keys are', this.keys],
        ['imported keys are', this.importedKeys],
        ['password is', this.password],
      ] as const) {
        unused?.place.warn(
          'no-effect',
          `the ${what} the default user's, and "users" does not have it`,
          'add "default" to "users", or give it to one of the users',
          'key',
        );
      }
      return;
    }
    const { config } = this.host;
    const changes = this.user?.value ?? {};
    const own = this.#declaredUser(changes.name ?? defaultUser.name);
    const user = mergeDefaultUser({
      ...{ changes, named, own },
      keys: this.keys?.value ?? [],
      importedKeys: this.importedKeys?.value ?? [],
    }) as (typeof config.users)[number];
    if (own !== undefined) config.users = config.users.filter(({ name }) => name !== user.name);
    if (this.password !== undefined)
      setPassword(user, hashOf({ value: this.password.value, kind: 'either' }, this.hashPassword));
    config.users.unshift(user);
    this.host.name(['users', user.name], place);
  }

  #declaredUser(wanted: string): DeclaredUser | undefined {
    return this.users?.all.find(({ name }) => name === wanted);
  }

  #finishPasswords(): void {
    for (const { value, place } of this.passwords) {
      const { users } = this.host.config;
      let user = users.find(({ name }) => name === value.user);
      if (user === undefined && value.user === 'root') {
        user = { ...rootUser, groups: [], sudo: [], sshAuthorizedKeys: [] };
        users.push(user);
        this.host.name(['users', 'root'], place);
      }
      if (user === undefined) {
        place.error('unknown-user', `there is no user "${value.user}"`, 'declare the user under "users"');
        continue;
      }
      if (user.passwordHash !== undefined)
        place.inform('no-effect', `goes over the password that "${value.user}" has already`);
      setPassword(user, hashOf(value, this.hashPassword));
    }
  }

  #finishResolvConf(): void {
    if (this.resolvConf === undefined) {
      this.manageResolvConf?.place.inform('no-effect', 'has no effect without "resolv_conf"', undefined, 'key');
      return;
    }
    const { value, place } = this.resolvConf;
    if (this.manageResolvConf?.value !== true) {
      place.warn('no-effect', '"resolv_conf" has no effect unless manage_resolv_conf is true', undefined, 'key');
      return;
    }
    const { dns } = this.host.config.connectivity;
    dns.servers.push(...value.servers);
    dns.search.push(...value.search);
    dns.options.push(...value.options);
    for (const part of ['servers', 'search', 'options'] as const) {
      if (value[part].length > 0) this.host.name(['berth', 'dns', part], place);
    }
  }
}

export interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}
