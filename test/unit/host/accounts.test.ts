import { describe, expect, test } from '@jest/globals';
import {
  type AccountFiles,
  type AccountOptions,
  type Accounts,
  mergeAccounts,
} from '../../../src/host/accounts/accounts.ts';
import { parseIdentities, renderIdentities } from '../../../src/host/accounts/identities.ts';
import { config, imageEtc } from './support.ts';

const base: AccountFiles = {
  passwd: imageEtc['/etc/passwd'],
  group: imageEtc['/etc/group'],
  shadow: imageEtc['/etc/shadow'],
  gshadow: undefined,
};
const none: AccountOptions = {
  identities: { users: {}, groups: {} },
  groupIds: {},
  gone: { users: [], groups: [] },
};
const merge = (text: string, options: Partial<AccountOptions> = {}, from = base): Accounts =>
  mergeAccounts(from, config(text), { ...none, ...options });
/** Lines that are not the base's. */
const added = (after: string, before: string): string[] =>
  after.split('\n').filter((line) => line !== '' && !before.split('\n').includes(line));

interface Row {
  readonly name: string;
  readonly text: string;
  readonly options?: Partial<AccountOptions>;
  readonly passwd?: readonly string[];
  readonly group?: readonly string[];
  readonly shadow?: readonly string[];
  readonly problems?: readonly string[];
}

const hash = `$6$salt$${'a'.repeat(86)}`;
const rows: Row[] = [
  {
    name: 'a user with a group of its own, locked',
    text: 'users: [ops]',
    passwd: ['ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['ops:x:1000:'],
    shadow: ['ops:!:::::::'],
  },
  {
    name: 'every setting',
    text: `users: [{name: ops, uid: 2500, gecos: "O: ps", primary_group: staff, groups: [docker], homedir: /var/home/o, shell: /bin/sh, hashed_passwd: ${hash}, lock_passwd: false}]`,
    passwd: ['ops:x:2500:2000:O  ps:/var/home/o:/bin/sh'],
    group: ['staff:x:2000:', 'docker:x:999:ops'],
    shadow: [`ops:${hash}:::::::`],
  },
  {
    name: 'a password that is locked',
    text: `users: [{name: ops, hashed_passwd: ${hash}}]`,
    passwd: ['ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['ops:x:1000:'],
    shadow: [`ops:!${hash}:::::::`],
  },
  {
    name: 'unlocked without a password is locked all the same',
    text: 'users: [{name: ops, lock_passwd: false}]',
    passwd: ['ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['ops:x:1000:'],
    shadow: ['ops:!:::::::'],
  },
  {
    name: 'a system user',
    text: 'users: [{name: robot, system: true}]',
    passwd: ['robot:x:999:999::/nonexistent:/usr/sbin/nologin'],
    group: ['robot:x:999:'],
    shadow: ['robot:!:::::::'],
  },
  {
    name: 'numbers that other parts rely on',
    text: 'users: [{name: ops, groups: [docker]}]',
    options: { groupIds: { docker: 991 } },
    passwd: ['ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['ops:x:1000:', 'docker:x:991:ops'],
    shadow: ['ops:!:::::::'],
  },
  {
    name: 'numbers from before, whatever the order now',
    text: 'users: [new, ops]',
    options: { identities: { users: { ops: 1000, old: 1001 }, groups: { ops: 1000 } } },
    passwd: ['new:x:1002:1002::/home/new:/bin/bash', 'ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['new:x:1002:', 'ops:x:1000:'],
    shadow: ['new:!:::::::', 'ops:!:::::::'],
  },
  {
    name: "the image's own users, changed",
    text: `users: [{name: nobody, shell: /bin/sh}]\nchpasswd: {users: [{name: root, password: "${hash}"}]}`,
    passwd: ['nobody:x:65534:65534:nobody:/nonexistent:/bin/sh'],
    shadow: [`root:${hash}:20000:0:99999:7:::`],
  },
  {
    name: 'groups with members and numbers',
    text: 'users: [ops]\ngroups: [{staff: [ops, root, ghost]}]',
    passwd: ['ops:x:1000:1000::/home/ops:/bin/bash'],
    group: ['staff:x:2000:ops,root', 'ops:x:1000:'],
    shadow: ['ops:!:::::::'],
    problems: ['groups.staff: there is no user ghost to be a member'],
  },
  {
    name: 'a number that somebody else has',
    text: 'users: [{name: ops, uid: 65534}]',
    problems: ['users.ops: the user nobody has the number 65534'],
  },
  {
    name: 'one number for two',
    text: 'users: [{name: a, uid: 1500}, {name: b, uid: 1500}]',
    passwd: ['a:x:1500:1500::/home/a:/bin/bash'],
    group: ['a:x:1500:'],
    shadow: ['a:!:::::::'],
    problems: ['users.b: the user a has the number 1500'],
  },
];

describe.each(rows)('$name', ({ text, options, passwd = [], group = [], shadow = [], problems = [] }) => {
  const result = merge(text, options);

  test('becomes lines of the files', () => {
    expect(added(result.files.passwd, base.passwd)).toEqual(passwd);
    expect(added(result.files.group, base.group)).toEqual(group);
    expect(added(result.files.shadow, base.shadow)).toEqual(shadow);
    expect(result.problems.map(({ key, why }) => `${key}: ${why}`)).toEqual(problems);
  });

  test('and again from what came out of it', () => {
    const again = merge(text, { ...options, identities: result.identities }, { ...result.files, gshadow: undefined });
    expect(again.files).toEqual(result.files);
    expect(again.identities).toEqual(result.identities);
  });
});

test('gshadow is kept where there is one', () => {
  const from = { ...base, gshadow: 'root:*::\n' };
  expect(merge('users: [{name: ops, groups: [docker]}]', {}, from).files.gshadow).toBe(
    'root:*::\nops:!::\ndocker:!::ops\n',
  );
});

test('lines that are none stay where they are', () => {
  const passwd = `# ours\n${base.passwd}+::::::\nroot:x:5:5:second:/:/bin/sh\nbroken\n`;
  const { files } = merge('users: [ops]', {}, { ...base, passwd });
  expect(files.passwd).toBe(`${passwd}ops:x:1000:1000::/home/ops:/bin/bash\n`);
});

test('who is gone leaves a system that has no image of its own', () => {
  const { files } = merge('users: [ops]\ngroups: [staff]');
  const from = { ...files, gshadow: undefined };
  const after = merge('users: []', { gone: { users: ['ops'], groups: ['staff', 'ops'] } }, from);
  expect(after.files).toEqual(base);
});

test.each([
  undefined,
  '',
  'no JSON',
  '[]',
  '{"users": 3}',
  '{"users": {"a": "x"}}',
])('numbers in %j are none', (text) => {
  expect(parseIdentities(text)).toEqual({ users: {}, groups: {} });
});

test('numbers are read as they were written', () => {
  const identities = { users: { b: 2, a: 1 }, groups: { c: 3 } };
  expect(parseIdentities(renderIdentities(identities))).toEqual(identities);
});
