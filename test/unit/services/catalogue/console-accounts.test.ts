import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig, type GroupConfig, type UserConfig } from '../../../../src/config/host-config.ts';
import { consoleAccounts } from '../../../../src/services/catalogue/console-accounts.ts';

const user = (name: string, options: Partial<UserConfig> = {}): UserConfig => ({
  name,
  groups: [],
  createHome: true,
  system: false,
  lockPassword: true,
  sudo: [],
  sshAuthorizedKeys: [],
  ...options,
});

const accounts = (users: readonly UserConfig[], groups: readonly GroupConfig[] = []) =>
  consoleAccounts({ ...emptyHostConfig, users, groups }, 991);
const row = (text: string, name: string) => text.split('\n').find((line) => line.startsWith(`${name}:`));

describe('accounts', () => {
  test.each([
    {
      rule: 'numbers count up from 1000',
      users: [user('a'), user('b')],
      name: 'b',
      passwd: 'b:x:1001:1001::/home/b:/bin/bash',
    },
    {
      rule: 'a declared number is kept, and not given to another',
      users: [user('a'), user('b', { uid: 1000 })],
      name: 'a',
      passwd: 'a:x:1001:1001::/home/a:/bin/bash',
    },
    {
      rule: 'a shell that the console does not have becomes bash',
      users: [user('a', { shell: '/usr/bin/zsh' })],
      name: 'a',
      passwd: 'a:x:1000:1000::/home/a:/bin/bash',
    },
    {
      rule: 'a shell that it has is kept',
      users: [user('a', { shell: '/bin/sh' })],
      name: 'a',
      passwd: 'a:x:1000:1000::/home/a:/bin/sh',
    },
    {
      rule: 'a home outside /home is moved there',
      users: [user('a', { homeDirectory: '/var/a' })],
      name: 'a',
      passwd: 'a:x:1000:1000::/home/a:/bin/bash',
    },
    {
      rule: 'text cannot break its line or field',
      users: [user('a', { gecos: 'x:0\nroot' })],
      name: 'a',
      passwd: 'a:x:1000:1000:x 0 root:/home/a:/bin/bash',
    },
    {
      rule: 'a system user who cannot log in is left out',
      users: [user('a', { system: true })],
      name: 'a',
      passwd: undefined,
    },
    {
      rule: 'root stays as the image has it',
      users: [user('root', { sshAuthorizedKeys: ['k'] })],
      name: 'root',
      passwd: 'root:x:0:0::/root:/bin/bash',
    },
  ])('$rule', ({ users, name, passwd }) => {
    expect(row(accounts(users).passwd, name)).toBe(passwd);
  });

  test('a primary group is used by its number', () => {
    const { passwd } = accounts([user('a', { primaryGroup: 'staff' })], [{ name: 'staff', gid: 500, members: [] }]);
    expect(row(passwd, 'a')).toBe('a:x:1000:500::/home/a:/bin/bash');
  });
});

describe('on a host', () => {
  const host = {
    users: new Map([['a', { uid: 1005, gid: 2001 }]]),
    groups: new Map([
      ['docker', 991],
      ['staff', 2001],
      ['dev', 2002],
      ['disk', 6],
    ]),
  };
  const here = (users: readonly UserConfig[]) => consoleAccounts({ ...emptyHostConfig, users, groups: [] }, 991, host);

  test('numbers are the host’s, and of its groups only those that somebody is in', () => {
    const { passwd, group } = here([user('a', { uid: 7, primaryGroup: 'staff', groups: ['dev'] })]);
    expect(row(passwd, 'a')).toBe('a:x:1005:2001::/home/a:/bin/bash');
    expect([row(group, 'staff'), row(group, 'dev'), row(group, 'disk')]).toEqual([
      'staff:x:2001:',
      'dev:x:2002:a',
      undefined,
    ]);
  });

  test('somebody whom the host could not take has the number of nobody', () => {
    expect(row(here([user('b', { uid: 1005 }), user('a')]).passwd, 'b')).toBe('b:x:1000:1000::/home/b:/bin/bash');
  });

  test.each([
    ['/var/home/a', '/var/home/a'],
    ['/opt/a', '/opt/a'],
    ['/etc/a', '/home/a'],
  ])('a home at %s is %s', (homeDirectory, home) => {
    expect(row(here([user('a', { homeDirectory })]).passwd, 'a')).toBe(`a:x:1005:2001::${home}:/bin/bash`);
  });
});

describe('passwords', () => {
  test.each([
    {
      rule: 'a hash that is not locked opens the account',
      options: { passwordHash: '$6$x', lockPassword: false },
      shadow: 'a:$6$x:19000:0:99999:7:::',
      passwords: true,
    },
    ...['!', '!!', '!$6$x', '*'].map((passwordHash) => ({
      rule: `a hash that says itself that it is none is none, and keys still work: ${passwordHash}`,
      options: { passwordHash, lockPassword: false },
      shadow: 'a:*:19000:0:99999:7:::',
      passwords: false,
    })),
    {
      rule: 'a locked hash is no password, but keys still work',
      options: { passwordHash: '$6$x', lockPassword: true },
      shadow: 'a:*:19000:0:99999:7:::',
      passwords: false,
    },
    {
      rule: 'without a hash there is no password',
      options: { lockPassword: false },
      shadow: 'a:*:19000:0:99999:7:::',
      passwords: false,
    },
  ])('$rule', ({ options, shadow, passwords }) => {
    const result = accounts([user('a', options)]);
    expect({ shadow: row(result.shadow, 'a'), passwords: result.passwords }).toEqual({ shadow, passwords });
  });
});

describe('keys and groups', () => {
  test('each key is a line of its user, and root gets none', () => {
    const users = [
      user('a', { sshAuthorizedKeys: ['ssh-ed25519 A a@x\n', 'ssh-rsa B'] }),
      user('root', { sshAuthorizedKeys: ['C'] }),
    ];
    expect(accounts(users).authorizedKeys).toBe('a ssh-ed25519 A a@x\na ssh-rsa B\n');
  });

  test('administrators are in the engine’s group, others are not', () => {
    const users = [
      user('a', { groups: ['docker'] }),
      user('b', { groups: ['sudo'] }),
      user('c', { sudo: ['ALL=(ALL) ALL'] }),
      user('d'),
    ];
    expect(row(accounts(users).group, 'docker')).toBe('docker:x:991:a,b,c');
  });

  test('groups have the members that either side declares', () => {
    const { group } = accounts(
      [user('a', { groups: ['web'] }), user('b')],
      [{ name: 'web', members: ['b', 'stranger'] }],
    );
    expect(row(group, 'web')).toBe('web:x:2000:a,b');
  });
});
