import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFYGfVAvxXFU3O6aJZ2bZmT2sVKmJ6v8ZzH3yQpEXAMPL me';
const hash = `$6$abc$${'x'.repeat(86)}`;
const cloud = (body: string): string => `#cloud-config\n${body}\n`;
const ignition = (users: object[]): string => JSON.stringify({ ignition: { version: '3.4.0' }, passwd: { users } });

test.each([
  ['a key', cloud(`users:\n- {name: nobody, ssh_authorized_keys: [${key}]}`), '3:3', 'nobody', 'a key'],
  ['keys from elsewhere', cloud('users:\n- {name: sshd, ssh_import_id: ["gh:a"]}'), '3:3', 'sshd', 'a key'],
  [
    'a password',
    cloud(`users:\n- {name: root, lock_passwd: false, hashed_passwd: ${hash}}`),
    '3:3',
    'root',
    'a password',
  ],
  [
    'a password by chpasswd',
    cloud(`chpasswd:\n  users: [{name: root, password: ${hash}}]`),
    '3:11',
    'root',
    'a password',
  ],
  [
    'both',
    ignition([{ name: 'root', sshAuthorizedKeys: [key], passwordHash: hash }]),
    '1:52',
    'root',
    'a key and a password',
  ],
])('who would log in by an account of the image with %s is told', (_, text, place, name, what) => {
  const { diagnostics } = parseConfig([{ file: 'a', text }]);
  const told = diagnostics.filter(({ message }) => message.startsWith('nobody can log in'));
  expect(told).toMatchObject([
    {
      severity: 'warning',
      code: 'no-effect',
      message: `nobody can log in as ${name} with ${what}: the account is the system's own`,
    },
  ]);
  expect(`${told[0]?.line}:${told[0]?.column}`).toBe(place);
});

test.each([
  ['nothing to log in with', cloud('users: [{name: nobody}, {name: root, lock_passwd: true}]')],
  ['a locked password', cloud(`users: [{name: root, hashed_passwd: ${hash}}]`)],
  ['another account', cloud(`users: [{name: daemon, ssh_authorized_keys: [${key}]}]`)],
])('%s is not', (_, text) => {
  expect(parseConfig([{ file: 'a', text }]).diagnostics.map(({ message }) => message)).toEqual([]);
});
