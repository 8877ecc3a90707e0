import type { HostConfig, UserConfig } from '../../config/host-config.ts';

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
const imageUsers = new Set(['root', 'sshd', 'nobody']);
/** Shells that the console has; any other becomes bash. */
const shells = new Set(['/bin/bash', '/usr/bin/bash', '/bin/sh', '/usr/sbin/nologin', '/sbin/nologin', '/bin/false']);
/** Membership in one of these, or a sudo rule, means: may do everything on this host, hence use its engine. */
const administratorGroups = ['docker', 'sudo', 'wheel', 'admin'];

/**
 * Accounts for everybody who is declared and can log in. Root cannot, and system users without a key or password are
 * left out. Formats: passwd(5), group(5), shadow(5). Pure: the same config gives the same numbers.
 */
export function consoleAccounts(config: HostConfig, engineGroupId: number): ConsoleAccounts {
  const accounts = numberUsers(config.users.filter(isVisible));
  const groups = groupNumbers(config, accounts, engineGroupId);
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
  if (imageUsers.has(user.name)) return false;
  return !user.system || user.sshAuthorizedKeys.length > 0 || activePassword(user) !== undefined;
}

/** A locked password is no password; a key still opens the account. */
function activePassword(user: UserConfig): string | undefined {
  return user.lockPassword || user.passwordHash === undefined ? undefined : plain(user.passwordHash);
}

/** Declared numbers first; the others count up from 1000 in the order of declaration. */
function numberUsers(users: readonly UserConfig[]): Account[] {
  const taken = new Set(users.flatMap(({ uid }) => (uid === undefined ? [] : [uid])));
  let next = firstUserId;
  return users.map((user) => {
    if (user.uid === undefined) while (taken.has(next)) next += 1;
    const uid = user.uid ?? next++;
    return { user, uid, gid: uid };
  });
}

function groupNumbers(config: HostConfig, accounts: readonly Account[], engineGroupId: number): Map<string, number> {
  const numbers = new Map(imageGroups).set('docker', engineGroupId);
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

/** Homes are in the console's own volume, so all of them are below /home. */
function homeOf({ name, homeDirectory }: UserConfig): string {
  return homeDirectory?.startsWith('/home/') === true ? plain(homeDirectory) : `/home/${name}`;
}

/** A field must not end itself or its line. */
function plain(text: string): string {
  return text.replace(/[:\r\n]/g, ' ');
}

function lines(rows: readonly string[]): string {
  return rows.map((row) => `${row}\n`).join('');
}
