import { expect, test } from '@jest/globals';
import { sshArguments, sshCommandLine } from '../../../../image/vm/ssh.ts';
import { vmFiles } from '../../../../image/vm/vm-files.ts';

const target = { files: vmFiles('/vm/web'), port: 4022, user: 'berth' };

test('the person’s own settings and host keys stay out of it', () => {
  const words = sshArguments(target);
  expect(words.slice(0, 6)).toEqual(['-F', 'none', '-i', '/vm/web/id_ed25519', '-p', '4022']);
  expect(words).toEqual(expect.arrayContaining(['UserKnownHostsFile=/vm/web/known_hosts', 'IdentitiesOnly=yes']));
  expect(words.at(-1)).toBe('berth@127.0.0.1');
});

test('further options stand before the destination', () => {
  expect(sshArguments(target, ['-N']).slice(-2)).toEqual(['-N', 'berth@127.0.0.1']);
});

test.each([
  ['/vm/web', 'ssh -i /vm/web/id_ed25519 -o UserKnownHostsFile=/vm/web/known_hosts -p 4022 berth@127.0.0.1'],
  ['/my vm', "ssh -i '/my vm/id_ed25519' -o 'UserKnownHostsFile=\"/my vm/known_hosts\"' -p 4022 berth@127.0.0.1"],
])('a line to type, for %s', (directory, line) => {
  expect(sshCommandLine({ ...target, files: vmFiles(directory) })).toBe(line);
});
