import type { UserConfig } from '../../host-config.ts';
import { HostDraft } from '../../host-draft.ts';
import type { Place } from '../../place.ts';
import type { Located } from '../../shape.ts';

/**
 * cloud-init's default user on Berth: key logins only, may use Docker and become root.
 * It exists when `users` names `default`, when `user` describes it, or when keys are given for it and `users` is absent.
 */
export const defaultUser: UserConfig = {
  name: 'berth',
  gecos: 'Berth',
  groups: ['docker'],
  createHome: true,
  shell: '/bin/bash',
  system: false,
  lockPassword: true,
  sudo: ['ALL=(ALL) NOPASSWD:ALL'],
  sshAuthorizedKeys: [],
};

/** A host config while cloud-init's keys are taken; holds what only makes sense once all of them are known. */
export class CloudInitDraft {
  readonly host = new HostDraft();
  /** Set when `users` was given; `default` says where it names the default user. */
  users: { readonly place: Place; readonly default: Place | undefined } | undefined;
  /** What `user` changes in the default user. */
  user: Located<Partial<UserConfig>> | undefined;
  /** The top-level `ssh_authorized_keys`: the default user's. */
  keys: Located<readonly string[]> | undefined;
  hostname: Located<string> | undefined;
  fqdn: Located<string> | undefined;
  preferFqdn = false;
  preserveHostname = false;
  /** What `mounts` entries take for the fields they leave out. */
  mountDefaults: readonly (string | null)[] | undefined;
  manageResolvConf = false;
  resolvConf: Located<ResolvConf> | undefined;

  /** Does what depends on several keys. */
  finish(): void {
    this.#finishHostname();
    this.#finishDefaultUser();
    this.#finishResolvConf();
  }

  /** cloud-init: the FQDN's first label is the host name unless one is given; a host name with dots is also the FQDN. */
  #finishHostname(): void {
    const { config } = this.host;
    const given = this.hostname?.value ?? this.fqdn?.value;
    if (given === undefined) return;
    if (this.preserveHostname) {
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
    const short = given.split('.', 1)[0] ?? given;
    config.hostname = this.preferFqdn ? (fqdn ?? short) : short;
    const place = this.hostname?.place ?? this.fqdn?.place;
    if (place !== undefined) this.host.name(['hostname'], place);
    const fqdnPlace = this.fqdn?.place ?? place;
    if (fqdn !== undefined && fqdnPlace !== undefined) this.host.name(['fqdn'], fqdnPlace);
  }

  #finishDefaultUser(): void {
    const place = this.users?.default ?? this.user?.place ?? (this.users === undefined ? this.keys?.place : undefined);
    if (place === undefined) {
      this.keys?.place.warn(
        'no-effect',
        'these keys are the default user\'s, and "users" does not have it',
        'add "default" to "users", or give the keys to one of the users',
        'key',
      );
      return;
    }
    const changes = this.user?.value ?? {};
    const sshAuthorizedKeys = [...(changes.sshAuthorizedKeys ?? []), ...(this.keys?.value ?? [])];
    const { config } = this.host;
    const user = {
      ...structuredClone(defaultUser),
      ...structuredClone(changes),
      sshAuthorizedKeys,
    } as (typeof config.users)[number];
    if (config.users.some(({ name }) => name === user.name)) {
      place.error('duplicate', `the default user's name "${user.name}" is also that of another user`);
      return;
    }
    config.users.unshift(user);
    this.host.name(['users', user.name], place);
  }

  #finishResolvConf(): void {
    if (this.resolvConf === undefined) {
      return;
    }
    const { value, place } = this.resolvConf;
    if (!this.manageResolvConf) {
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
