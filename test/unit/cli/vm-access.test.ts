import { describe, expect, test } from '@jest/globals';
import { vmAccess } from '../../../src/cli/vm-access.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEYRQzIZfOkrikzscfPIxsBmELA8ngWh0456MhY6MtM4 berth-vm-web';
const own = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvzGZVsb9mJCvDh0ppzJ3dUoPsuFBaLK0vkLVJkfq1v mine';

function userData(text: string): { file: string; text: string }[] {
  return [{ file: 'web.yaml', text: `#cloud-config\n${text}\n` }];
}

describe('our key opens', () => {
  test.each([
    ['a config without users', 'hostname: web', 'berth'],
    ['one with users of its own', 'users: [{name: ops}]', 'berth'],
    ['one that wants no users', 'users: []', 'berth'],
    ['one that names the default user', 'users: [default, {name: ops}]', 'berth'],
    ['one with keys for the default user', `ssh_authorized_keys: ["${own}"]`, 'berth'],
    ['one with a user of the default user’s name', 'users: [{name: berth}]', 'berth'],
    ['one that renames the default user', 'user: {name: bob, groups: [docker]}', 'bob'],
    ['one that gives the default user keys', `user: {name: bob, ssh_authorized_keys: ["${own}"]}`, 'bob'],
    ['one with a default user and keys', `user: {name: bob}\nssh_authorized_keys: ["${own}"]`, 'bob'],
  ])('%s', (_rule, text, user) => {
    const files = userData(text);
    const access = vmAccess(files, key);
    expect(access?.loginUser).toBe(user);
    const merged = parseConfig([
      { file: 'vendor-data', text: access?.vendorData ?? '', layer: 'vendor-data' },
      ...files,
    ]);
    const found = merged.config.users.find(({ name }) => name === user);
    expect(found?.sshAuthorizedKeys).toContain(key);
    expect(merged.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});

test('nothing that the user declared is lost', () => {
  const files = userData(`users: [{name: ops, ssh_authorized_keys: ["${own}"]}]\nhostname: web`);
  const access = vmAccess(files, key);
  const alone = parseConfig(files).config;
  const merged = parseConfig([
    { file: 'vendor-data', text: access?.vendorData ?? '', layer: 'vendor-data' },
    ...files,
  ]).config;
  expect(merged).toEqual({ ...alone, users: [expect.objectContaining({ name: 'berth' }), ...alone.users] });
});

test.each([
  [
    'a default user who has keys in both places',
    `user: {ssh_authorized_keys: ["${own}"]}\nssh_authorized_keys: ["${own}"]`,
  ],
  ['no ear for the platform', 'vendor_data: {enabled: false}'],
])('a config with %s keeps our key out', (_rule, text) => {
  expect(vmAccess(userData(text), key)).toBeUndefined();
});
