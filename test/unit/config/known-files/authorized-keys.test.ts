import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../../src/config/parse.ts';

function parse(users: readonly object[], path: string, content: string) {
  const text = `#cloud-config\n${JSON.stringify({ users, write_files: [{ path, content }] })}`;
  const { config, diagnostics } = parseConfig([{ file: 'a', text }]);
  const told = diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
  return { keys: config.users.map(({ sshAuthorizedKeys }) => sshAuthorizedKeys), told };
}

const own = 'ssh-ed25519 AAAA own';
const other = 'ssh-ed25519 BBBB other';

describe('keys in the files of a home', () => {
  test.each([
    ['/home/ops/.ssh/authorized_keys', undefined],
    ['/var/home/ops/.ssh/authorized_keys', undefined],
    ['/home/ops/.ssh/authorized_keys.d/ignition', undefined],
    ['/srv/ops/.ssh/authorized_keys', '/srv/ops'],
  ])('%s of a user with the home %s are the user’s', (path, homedir) => {
    const user = { name: 'ops', ssh_authorized_keys: [own], ...(homedir === undefined ? {} : { homedir }) };
    expect(parse([user], path, `# mine\n${own}\n\n${other}\n`)).toEqual({ keys: [[own, other]], told: [] });
  });

  test.each([
    ['/root/.ssh/authorized_keys', 'Berth has no root login'],
    ['/home/dev/.ssh/authorized_keys', 'no declared user has the home /home/dev'],
  ])('%s open nothing: %s', (path, why) => {
    expect(parse([{ name: 'ops' }], path, other)).toEqual({
      keys: [[]],
      told: [`warning unsupported nobody can log in with the keys in ${path}: ${why}`],
    });
  });

  test('in an Ignition config, too', () => {
    const file = { path: '/home/core/.ssh/authorized_keys', contents: { source: `data:,${encodeURIComponent(own)}` } };
    const document = {
      ignition: { version: '3.4.0' },
      passwd: { users: [{ name: 'core' }] },
      storage: { files: [file] },
    };
    const { config } = parseConfig([{ file: 'a.ign', text: JSON.stringify(document) }]);
    expect(config.users[0]?.sshAuthorizedKeys).toEqual([own]);
  });
});
