import type { HostConfig, UserConfig } from '../../config/host-config.ts';
import { imageAccounts } from '../../config/image-accounts.ts';

/** The console container's account files, as text. */
export interface ConsoleAccounts {
  readonly passwd: string;
  readonly group: string;
  /** Secret. */
  readonly shadow: string;
  /** Lines `USER KEY`. */
  readonly authorizedKeys: string;
  /** True when somebody may log in with a password. */
  readonly passwords: boolean;
}

/** Numbers of everybody in the host's own account files: the console's files are the host's, and carry them. */
export interface HostNumbers {
  readonly users: ReadonlyMap<string, { readonly uid: number; readonly gid: number }>;
  readonly groups: ReadonlyMap<string, number>;
}

interface Account {
  readonly user: UserConfig;
  readonly uid: number;
  readonly gid: number;
}

const firstUserId = 1000;
const firstGroupId = 2000;
/** Accounts that the image itself needs; numbers as in the console's recipe. */
const imagePasswd = [
  'root:x:0:0::/root:/bin/bash',
  'sshd:x:989:989::/run/sshd:/usr/sbin/nologin',
  'nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin',
];
const imageGroups = new Map([
  ['root', 0],
  ['tty', 5],
  ['sshd', 989],
  ['nogroup', 65534],
]);
/** Shells that the console has; any other becomes bash. */
const shells = new Set(['/bin/bash', '/usr/bin/bash', '/bin/sh', '/usr/sbin/nologin', '/sbin/nologin', '/bin/false']);
/** Membership in one of these, or a sudo rule, means: may do everything on this host, hence use its engine. */
const administratorGroups = ['docker', 'sudo', 'wheel', 'admin'];

/** Where homes can be that the console of a host shares with it. */
const sharedHomes = /^\/(home|media|mnt|opt|srv|var\/home)\//;

/**
 * Accounts for everybody who is declared and can log in. Root cannot, and system users without a key or password are
 * left out. Formats: passwd(5), group(5), shadow(5). Pure: the same config gives the same numbers.
 * @param host absent: the console has files of its own, so homes are below /home and numbers do not matter outside.
 */
export function consoleAccounts(config: HostConfig, engineGroupId: number, host?: HostNumbers): ConsoleAccounts {
  const accounts = numberUsers(config.users.filter(isVisible), host);
  const groups = groupNumbers(config, accounts, engineGroupId, host);
  const homeOf = ({ name, homeDirectory }: UserConfig): string => {
    const isSeen = homeDirectory !== undefined && (host === undefined ? /^\/home\// : sharedHomes).test(homeDirectory);
    return isSeen ? plain(homeDirectory) : `/home/${name}`;
  };
  const passwd = accounts.map(({ user, uid, gid }) => {
    const shell = user.shell !== undefined && shells.has(user.shell) ? user.shell : '/bin/bash';
    return `${user.name}:x:${uid}:${primaryGroupOf(user, groups) ?? gid}:${plain(user.gecos ?? '')}:${homeOf(user)}:${shell}`;
  });
  const group = [...groups].map(([name, gid]) => `${name}:x:${gid}:${membersOf(name, config, accounts).join(',')}`);
  const shadow = accounts.map(({ user }) => `${user.name}:${activePassword(user) ?? '*'}:19000:0:99999:7:::`);
  const keys = accounts.flatMap(({ user }) => user.sshAuthorizedKeys.map((key) => `${user.name} ${key.trim()}`));
  return {
    passwd: lines([...imagePasswd, ...passwd]),
    group: lines(group),
    shadow: lines(['root:*:19000:0:99999:7:::', ...shadow]),
    authorizedKeys: lines(keys),
    passwords: accounts.some(({ user }) => activePassword(user) !== undefined),
  };
}

function isVisible(user: UserConfig): boolean {
  if (imageAccounts.has(user.name)) return false;
  return !user.system || user.sshAuthorizedKeys.length > 0 || activePassword(user) !== undefined;
}

/** A locked password is no password; a key still opens the account, which sshd(8) without PAM refuses to who has `!` in shadow(5). */
function activePassword({ lockPassword, passwordHash }: UserConfig): string | undefined {
  return lockPassword || passwordHash === undefined || /^[!*]/.test(passwordHash) ? undefined : plain(passwordHash);
}

/** The host's numbers, or declared ones first; the others count up from 1000 in the order of declaration. */
function numberUsers(users: readonly UserConfig[], host: HostNumbers | undefined): Account[] {
  const ofHost = [...(host?.users.values() ?? [])].map(({ uid }) => uid);
  const taken = new Set([...users.flatMap(({ uid }) => (uid === undefined ? [] : [uid])), ...ofHost]);
  let next = firstUserId;
  return users.map((user) => {
    const known = host?.users.get(user.name);
    if (known !== undefined) return { user, ...known };
    // Whom the host could not take, as somebody else has the number, is nobody whose files are there.
    const declared = host === undefined ? user.uid : undefined;
    if (declared === undefined) while (taken.has(next)) next += 1;
    const uid = declared ?? next++;
    return { user, uid, gid: uid };
  });
}

function groupNumbers(
  config: HostConfig,
  accounts: readonly Account[],
  engineGroupId: number,
  host: HostNumbers | undefined,
): Map<string, number> {
  const numbers = new Map(imageGroups).set('docker', engineGroupId);
  const wanted = new Set([
    ...config.groups.map(({ name }) => name),
    ...accounts.flatMap(({ user }) => [user.name, ...user.groups, user.primaryGroup ?? user.name]),
  ]);
  for (const [name, gid] of host?.groups ?? []) if (wanted.has(name) && !numbers.has(name)) numbers.set(name, gid);
  for (const { user, gid } of accounts)
    if (user.primaryGroup === undefined && !numbers.has(user.name)) numbers.set(user.name, gid);
  for (const { name, gid } of config.groups) if (gid !== undefined && !numbers.has(name)) numbers.set(name, gid);
  const named = [
    ...config.groups.map(({ name }) => name),
    ...accounts.flatMap(({ user }) => [
      ...(user.primaryGroup === undefined ? [] : [user.primaryGroup]),
      ...user.groups,
    ]),
  ];
  const taken = new Set(numbers.values());
  let next = firstGroupId;
  for (const name of named) {
    if (numbers.has(name)) continue;
    while (taken.has(next)) next += 1;
    numbers.set(name, next++);
  }
  return numbers;
}

function primaryGroupOf(user: UserConfig, groups: ReadonlyMap<string, number>): number | undefined {
  return user.primaryGroup === undefined ? undefined : groups.get(user.primaryGroup);
}

function membersOf(group: string, config: HostConfig, accounts: readonly Account[]): string[] {
  const declared = new Set(config.groups.filter(({ name }) => name === group).flatMap(({ members }) => members));
  const members = accounts.filter(({ user }) => {
    if (user.groups.includes(group) || declared.has(user.name)) return true;
    return group === 'docker' && isAdministrator(user);
  });
  return members.map(({ user }) => user.name);
}

function isAdministrator(user: UserConfig): boolean {
  return user.sudo.length > 0 || user.groups.some((group) => administratorGroups.includes(group));
}

/** A field must not end itself or its line. */
function plain(text: string): string {
  return text.replace(/[:\r\n]/g, ' ');
}

function lines(rows: readonly string[]): string {
  return rows.map((row) => `${row}\n`).join('');
}
