import { describe, expect, test } from '@jest/globals';
import { encrypt } from 'unixcrypt';
import { sealPasswords } from '../../../src/config/parse.ts';
import { passwordHasher } from '../../../src/config/password.ts';
import { brief, parse } from './support.ts';

const passwordSeed = 'a secret of the host';
const hash = passwordHasher(passwordSeed);
const sha512 = `$6$saltsaltsalt$${'a'.repeat(86)}`;

interface Row {
  readonly name: string;
  readonly text: string;
  /** User → what opens the account; undefined when nothing does. */
  readonly opens: Readonly<Record<string, string | undefined>>;
  readonly diagnostics?: readonly string[];
}

const rows: Row[] = [
  {
    name: "a user's clear text, unlocked",
    text: 'users: [{name: a, plain_text_passwd: hello, lock_passwd: false}]',
    opens: { a: hash('hello') },
  },
  {
    name: 'is locked unless said otherwise',
    text: 'users: [{name: a, plain_text_passwd: hello}]',
    opens: { a: undefined },
  },
  { name: 'a password that looks like a number', text: 'password: "0123"', opens: { berth: hash('0123') } },
  { name: "the default user's, which makes the user", text: 'password: hello', opens: { berth: hash('hello') } },
  { name: "the default user's as hash", text: `password: ${sha512}`, opens: { berth: sha512 } },
  {
    name: 'chpasswd, as text and as hash',
    text: `users: [a, b]\nchpasswd: {expire: false, users: [{name: a, password: hello, type: text}, {name: b, password: "${sha512}"}]}`,
    opens: { a: hash('hello'), b: sha512 },
  },
  {
    name: 'the old list, as one text',
    text: `users: [a, b]\nchpasswd:\n  list: |\n    a:he:llo\n    b:${sha512}\n`,
    opens: { a: hash('he:llo'), b: sha512 },
  },
  { name: 'the old list, as a list', text: 'users: [a]\nchpasswd: {list: ["a:hello"]}', opens: { a: hash('hello') } },
  {
    name: 'over the hash that the user has',
    text: `users: [{name: a, passwd: "${sha512}"}]\nchpasswd: {list: ["a:hello"]}`,
    opens: { a: hash('hello') },
    diagnostics: ['3:19 info no-effect chpasswd.list[0]'],
  },
  {
    name: 'root has no user entry',
    text: 'users: []\nchpasswd: {list: ["root:hello"]}',
    opens: { root: hash('hello') },
    diagnostics: ['3:19 warning no-effect chpasswd.list[0]'],
  },
  {
    name: 'nobody of that name',
    text: 'users: []\nchpasswd: {list: ["x:hello"]}',
    opens: {},
    diagnostics: ['3:19 error unknown-user chpasswd.list[0]'],
  },
  {
    name: 'made-up passwords',
    text: 'users: [a]\nchpasswd: {users: [{name: a, type: RANDOM}], list: "a:R"}',
    opens: { a: undefined },
    diagnostics: ['3:20 warning unsupported chpasswd.users[0]', '3:52 warning unsupported chpasswd.list'],
  },
  {
    name: 'a made-up password that is given',
    text: 'users: [a]\nchpasswd: {users: [{name: a, password: b, type: RANDOM}]}',
    opens: { a: undefined },
    diagnostics: ['3:20 warning unsupported chpasswd.users[0]', '3:30 info no-effect chpasswd.users[0].password'],
  },
  {
    name: 'clear text where a hash is meant',
    text: 'users: [a]\nchpasswd: {users: [{name: a, password: hello}]}',
    opens: { a: undefined },
    diagnostics: ['3:40 error invalid-value chpasswd.users[0].password'],
  },
  {
    name: 'a password that shall expire',
    text: 'users: [a]\nchpasswd: {expire: true, list: ["a:hello"]}',
    opens: { a: hash('hello') },
    diagnostics: ['3:12 warning unsupported chpasswd.expire'],
  },
];

describe.each(rows)('$name', ({ text, opens, diagnostics = [] }) => {
  const opened = (source: string): unknown => {
    const result = parse(source, { passwordSeed });
    expect(brief(result).map((line) => line.replace(/^\S+ /, ''))).toEqual(
      diagnostics.map((line) => line.replace(/^\S+ /, '')),
    );
    return Object.fromEntries(
      result.config.users.map(({ name, passwordHash, lockPassword }) => [
        name,
        lockPassword ? undefined : passwordHash,
      ]),
    );
  };

  test('is read', () => {
    expect(brief(parse(text, { passwordSeed }))).toEqual(diagnostics);
    expect(opened(text)).toEqual(opens);
  });

  test('and means the same, without clear text, once it is sealed', () => {
    const [sealed] = sealPasswords([{ file: 'a', text: `#cloud-config\n${text}` }], passwordSeed);
    if (diagnostics.length === 0) expect(sealed?.text).not.toMatch(/hello|he:llo|"0123"/);
    expect(opened(sealed?.text ?? '')).toEqual(opens);
    expect(sealPasswords([{ file: 'a', text: sealed?.text ?? '' }], passwordSeed)).toEqual([sealed]);
  });
});

test.each([
  [
    'comments and layout',
    "#cloud-config\n# note\nusers:\n- name: a # me\n  plain-text-passwd: 'it''s'   # why\nhostname: h\n",
  ],
  ['an alias', '#cloud-config\nx: &pw "secret word"\npassword: *pw\n'],
  ['folded text', '#cloud-config\nusers: [a]\nchpasswd:\n  list: |-\n    a:secret\nhostname: h\n'],
])('sealing keeps %s', (_name, text) => {
  const [sealed] = sealPasswords([{ file: 'a', text }], passwordSeed);
  expect(sealed?.text).not.toMatch(/it''s|secret/);
  expect(sealed?.text).toContain('sealed:$6$');
  const [before, after] = [text, sealed?.text ?? ''].map((source) => parse(source, { passwordSeed }));
  expect(after?.config).toEqual(before?.config);
  expect(after?.config.users.length).toBe(1);
});

test.each([
  ['no password', '#cloud-config\nhostname: passwords\n'],
  ['no YAML', '#cloud-config\npassword: [\n'],
  ['another language', '{"password": "x"}'],
])('a text with %s stays as it is', (_name, text) => {
  expect(sealPasswords([{ file: 'a', text }], passwordSeed)).toEqual([{ file: 'a', text }]);
});

test('another host has another hash', () => {
  expect(passwordHasher('one')('hello')).not.toBe(passwordHasher('two')('hello'));
});

/** What `openssl passwd -6 -salt SALT` answers: another implementation of the specification. */
test.each([
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  ['ünï', '$6$abcdefghijklmnop$NatE1bdpETS/q99q4M3FLNcrv60JXdR0edz258p1VFQeLhJffZIi.EJrrbE.FdSqQZ11Y1bmzCgPtWjF2BDK/0'],
  [
    'we have a short salt string but not a short password',
    '$6$short$qmfj2meTBr5G2EAGIJ4vjX7RpefsD4JzpEyTAeEUJdzdxlBS6pe8gdMHm5zFftaFSj/2p2bjBwyVS9ZhWpLZt.',
  ],
])('crypt(3) of "%s"', (clear, expected) => {
  expect(encrypt(clear, expected.slice(0, expected.lastIndexOf('$')))).toBe(expected);
});
