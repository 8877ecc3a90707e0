import { expect, test } from '@jest/globals';
import { networkOptions, serverOf } from '../../../src/host/mounts/network-options.ts';

test.each<[string, string, string | undefined]>([
  ['nfs4', 'nas.example.org:/export', 'nas.example.org'],
  ['nfs', '10.0.2.2:/', '10.0.2.2'],
  ['nfs4', '[fd00::2]:/export', 'fd00::2'],
  ['auto', 'nas:/export', 'nas'],
  ['cifs', '//nas/share/below', 'nas'],
  ['auto', '//nas/share', 'nas'],
  ['ext4', '/dev/vdb1', undefined],
  ['none', '/srv/a:/b', undefined],
  ['fuse.sshfs', 'me@nas:/home', undefined],
])('%s of %s is on the server %s', (type, source, server) => {
  expect(serverOf({ type, source })).toBe(server);
});

test.each<[string, string, string[], string[]]>([
  ['nfs4', 'nas:/x', [], ['addr=192.0.2.7', 'vers=4.1']],
  ['nfs', 'nas:/x', ['ro'], ['ro', 'addr=192.0.2.7', 'vers=4.1']],
  ['nfs', 'nas:/x', ['vers=3', 'nolock'], ['vers=3', 'nolock', 'addr=192.0.2.7']],
  ['nfs', 'nas:/x', ['nfsvers=4.2'], ['nfsvers=4.2', 'addr=192.0.2.7']],
  ['nfs4', 'nas:/x', ['addr=192.0.2.9', 'vers=4.2'], ['addr=192.0.2.9', 'vers=4.2']],
  ['cifs', '//nas/x', ['guest'], ['guest', 'ip=192.0.2.7']],
  ['cifs', '//nas/x', ['ip=192.0.2.9'], ['ip=192.0.2.9']],
  ['ext4', '/dev/vdb', ['ro'], ['ro']],
])('%s of %s with %j: the kernel is told %j', async (type, source, options, told) => {
  expect(await networkOptions({ type, source, options }, async () => Promise.resolve('192.0.2.7'))).toEqual(told);
});

test('a server that has no address is named', async () => {
  const lookUp = async (): Promise<string> => Promise.reject(new Error('getaddrinfo ENOTFOUND nas'));
  await expect(networkOptions({ type: 'nfs4', source: 'nas:/x', options: [] }, lookUp)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: 'the server nas of nas:/x has no address: getaddrinfo ENOTFOUND nas',
    retryable: true,
  });
});
