import type { GroupConfig, HostConfig, UserConfig } from '../../config/host-config.ts';
import { AccountTable, plainField } from './account-table.ts';
import { type Identities, Numbers } from './identities.ts';

/** The account files as text. Formats: passwd(5), group(5), shadow(5), gshadow(5). */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  /** Secret. */
  readonly shadow: string;
  /** undefined on a host that has no such file. */
  readonly gshadow: string | undefined;
}

/** A declared user as it is on the host. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly createHome: boolean;
}

export interface AccountProblem {
  readonly key: string;
  readonly subject: string;
  readonly why: string;
}

export interface Accounts {
  readonly files: AccountFiles;
  readonly identities: Identities;
  readonly accounts: readonly Account[];
  readonly problems: readonly AccountProblem[];
  /** Numbers of everybody, by name. */
  readonly userIds: ReadonlyMap<string, number>;
  readonly groupIds: ReadonlyMap<string, number>;
}

export interface AccountOptions {
  readonly identities: Identities;
  /** Numbers that other parts of the host rely on. */
  readonly groupIds: Readonly<Record<string, number>>;
  /** Names that were declared before, and are taken out of the base when the config does not have them any more. */
  readonly gone: { readonly users: readonly string[]; readonly groups: readonly string[] };
}

/**
 * The account files of a host: those of the base with everybody who is declared. Who is in the base is changed where
 * the declaration says something. Pure; the result as base, with its identities, gives the same again.
 */
export function mergeAccounts(base: AccountFiles, config: HostConfig, options: AccountOptions): Accounts {
  const builder = new AccountBuilder(base, config, options);
  for (const group of config.groups) builder.addGroup(group);
  for (const user of config.users) builder.addUser(user);
  for (const group of config.groups) builder.addMembers(group);
  return builder.result();
}

class AccountBuilder {
  readonly #passwd: AccountTable;
  readonly #group: AccountTable;
  readonly #shadow: AccountTable;
  readonly #gshadow: AccountTable | undefined;
  readonly #userNumbers: Numbers;
  readonly #groupNumbers: Numbers;
  readonly #accounts: Account[] = [];
  readonly #problems: AccountProblem[] = [];

  constructor(base: AccountFiles, config: HostConfig, { identities, groupIds, gone }: AccountOptions) {
    this.#passwd = new AccountTable(base.passwd, 7);
    this.#group = new AccountTable(base.group, 4);
    this.#shadow = new AccountTable(base.shadow, 9);
    this.#gshadow = base.gshadow === undefined ? undefined : new AccountTable(base.gshadow, 4);
    for (const name of gone.users) for (const table of [this.#passwd, this.#shadow]) table.remove(name);
    for (const name of gone.groups) for (const table of [this.#group, this.#gshadow]) table?.remove(name);
    const numbersOf = (items: readonly (readonly [string, number | undefined])[]): [string, number][] =>
      items.flatMap(([name, number]): [string, number][] => (number === undefined ? [] : [[name, number]]));
    const userIds = numbersOf(config.users.map(({ name, uid }) => [name, uid]));
    const ids = [...numbersOf(config.groups.map(({ name, gid }) => [name, gid])), ...Object.entries(groupIds)];
    this.#userNumbers = new Numbers(this.#passwd.numbers(), userIds, identities.users);
    this.#groupNumbers = new Numbers(this.#group.numbers(), ids, identities.groups);
  }

  addGroup({ name, gid }: GroupConfig): void {
    const holder = gid === undefined ? undefined : holderOf(this.#group, 2, gid, name);
    if (holder === undefined) this.#ensureGroup(name, 'group', undefined, gid);
    else this.#report(`groups.${name}`, `group/${name}`, `the group ${holder} has the number ${gid}`);
  }

  addUser(user: UserConfig): void {
    const { name } = user;
    const holder = user.uid === undefined ? undefined : holderOf(this.#passwd, 2, user.uid, name);
    if (holder !== undefined) {
      this.#report(`users.${name}`, `user/${name}`, `the user ${holder} has the number ${user.uid}`);
      return;
    }
    const present = this.#passwd.get(name);
    const fields = present ?? this.#newUser(user);
    if (present !== undefined) this.#change(present, user);
    this.#setPassword(user);
    for (const group of user.groups) {
      this.#ensureGroup(group, 'system');
      this.#addMember(group, name);
    }
    const [, , uid, gid, , home = '/'] = fields;
    this.#accounts.push({ name, uid: Number(uid), gid: Number(gid), home, createHome: user.createHome });
  }

  addMembers({ name, members }: GroupConfig): void {
    if (this.#group.get(name) === undefined) return;
    for (const member of members) {
      if (this.#passwd.get(member) !== undefined) this.#addMember(name, member);
      else this.#report(`groups.${name}`, `group/${name}`, `there is no user ${member} to be a member`);
    }
  }

  result(): Accounts {
    return {
      files: {
        passwd: this.#passwd.render(),
        group: this.#group.render(),
        shadow: this.#shadow.render(),
        gshadow: this.#gshadow?.render(),
      },
      identities: { users: this.#userNumbers.known, groups: this.#groupNumbers.known },
      accounts: this.#accounts,
      problems: this.#problems,
      userIds: this.#passwd.numbers(),
      groupIds: this.#group.numbers(),
    };
  }

  #newUser(user: UserConfig): string[] {
    const { name, system } = user;
    const uid = this.#userNumbers.numberOf(name, system ? 'system' : 'user', user.uid);
    const gid =
      user.primaryGroup === undefined
        ? this.#ensureGroup(name, system ? 'system' : 'group', uid)
        : this.#ensureGroup(user.primaryGroup, 'group');
    const home = user.homeDirectory ?? (system && !user.createHome ? '/nonexistent' : `/home/${name}`);
    const shell = user.shell ?? (system ? '/usr/sbin/nologin' : '/bin/bash');
    const fields = [
      name,
      'x',
      String(uid),
      String(gid),
      plainField(user.gecos ?? ''),
      plainField(home),
      plainField(shell),
    ];
    this.#passwd.add(fields);
    return fields;
  }

  /** Somebody who is in the base: what is declared holds, the rest stays. */
  #change(fields: string[], user: UserConfig): void {
    if (user.uid !== undefined) fields[2] = String(user.uid);
    if (user.primaryGroup !== undefined) fields[3] = String(this.#ensureGroup(user.primaryGroup, 'group'));
    if (user.gecos !== undefined) fields[4] = plainField(user.gecos);
    if (user.homeDirectory !== undefined) fields[5] = plainField(user.homeDirectory);
    if (user.shell !== undefined) fields[6] = plainField(user.shell);
  }

  /** A locked password begins with `!`, which no password hashes to; an empty field would let everybody in. */
  #setPassword({ name, passwordHash, lockPassword }: UserConfig): void {
    const present = this.#shadow.get(name);
    const hash = passwordHash === undefined ? (present?.[1] ?? '') : plainField(passwordHash);
    const isOpen = hash !== '' && !/^[!*]/.test(hash);
    const field = isOpen && lockPassword ? `!${hash}` : hash === '' ? '!' : hash;
    if (present === undefined) this.#shadow.add([name, field, '', '', '', '', '', '', '']);
    else present[1] = field;
  }

  #ensureGroup(name: string, range: 'group' | 'system', preferred?: number, declared?: number): number {
    const present = this.#group.get(name);
    if (present !== undefined) {
      if (declared !== undefined) present[2] = String(declared);
      return Number(present[2]);
    }
    const gid = this.#groupNumbers.numberOf(name, range, preferred);
    this.#group.add([name, 'x', String(gid), '']);
    this.#gshadow?.add([name, '!', '', '']);
    return gid;
  }

  #addMember(group: string, user: string): void {
    for (const fields of [this.#group.get(group), this.#gshadow?.get(group)]) {
      if (fields === undefined) continue;
      const members = (fields[3] ?? '').split(',').filter((member) => member !== '');
      if (!members.includes(user)) fields[3] = [...members, user].join(',');
    }
  }

  #report(key: string, subject: string, why: string): void {
    this.#problems.push({ key, subject, why });
  }
}

/** Somebody else who has a number already. */
function holderOf(table: AccountTable, field: number, number: number, name: string): string | undefined {
  return table.names().find((other) => other !== name && Number(table.get(other)?.[field]) === number);
}
