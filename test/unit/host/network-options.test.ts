import { expect, test } from '@jest/globals';
import {
  type NetworkLookups,
  networkOptions,
  saysAway,
  serverOf,
  whyAway,
} from '../../../src/host/mounts/network-options.ts';

const look: NetworkLookups = {
  address: async () => Promise.resolve('192.0.2.7'),
  text: async (path) => {
    if (path === '/etc/comma') return Promise.resolve('username=me\npassword=a,b\n');
    if (path !== '/etc/fleet.smb') throw new Error(`there is no ${path}`);
    return Promise.resolve('# ours\nusername=me\n password =p=1#x\nDomain=HOME\nother=1\n');
  },
};

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
  ['cifs', '//nas/x', ['guest'], ['username=', 'ip=192.0.2.7']],
  [
    'cifs',
    '//nas/x',
    ['credentials=/etc/fleet.smb', 'ro'],
    ['username=me', 'password=p=1#x', 'domain=HOME', 'ro', 'ip=192.0.2.7'],
  ],
  ['nfs4', 'nas:/x', ['cred=a', 'vers=4'], ['cred=a', 'vers=4', 'addr=192.0.2.7']],
  ['cifs', '//nas/x', ['ip=192.0.2.9'], ['ip=192.0.2.9']],
  ['ext4', '/dev/vdb', ['ro'], ['ro']],
])('%s of %s with %j: the kernel is told %j', async (type, source, options, told) => {
  expect(await networkOptions({ type, source, options }, look)).toEqual(told);
});

test.each([
  [['vers=3']],
  [['nfsvers=3', 'ro']],
  [['v3']],
  [['vers=2']],
])('locks that nobody keeps: %j is refused', async (options) => {
  await expect(networkOptions({ type: 'nfs', source: 'nas:/x', options }, look)).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: `${options[0]} of nas:/x needs rpc.statd for locks, and Berth has none: leave it out for NFS 4.1, or add nolock (no other host sees such locks)`,
  });
});

test.each([
  ['nfs', 'nas:/x', ['v3', 'local_lock=all']],
  ['nfs4', 'nas:/x', ['vers=4.2']],
  ['cifs', '//nas/x', ['vers=3.0']],
])('locks that somebody keeps: %s of %s with %j is taken', async (type, source, options) => {
  expect(await networkOptions({ type, source, options }, look)).toEqual(expect.arrayContaining(options));
});

test('a server that has no address is named', async () => {
  const address = async (): Promise<string> => Promise.reject(new Error('getaddrinfo ENOTFOUND nas'));
  await expect(
    networkOptions({ type: 'nfs4', source: 'nas:/x', options: [] }, { ...look, address }),
  ).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    message: 'the server nas of nas:/x has no address: getaddrinfo ENOTFOUND nas',
    retryable: true,
  });
});

test.each([
  ['/etc/none', 'the credentials /etc/none cannot be read: there is no /etc/none'],
  ['/etc/comma', 'a password with a comma cannot be given to the kernel: choose another one'],
])('credentials of %s are refused', async (path, message) => {
  const request = { type: 'cifs', source: '//nas/x', options: [`credentials=${path}`] };
  await expect(networkOptions(request, look)).rejects.toMatchObject({ code: 'HOST_REFUSED', message });
});

test.each<[string, string, string[], string | undefined]>([
  ['nfs4', 'nas:/x', [], 'nas 2049'],
  ['nfs4', 'nas:/x', ['addr=192.0.2.7', 'port=2050'], '192.0.2.7 2050'],
  ['cifs', '//nas/x', ['ip=192.0.2.7'], '192.0.2.7 445'],
  ['ext4', '/dev/vdb', [], undefined],
])('whether a server is away: %s of %s with %j', async (type, source, options, asked) => {
  const tried: string[] = [];
  const mount = { type, source, options };
  const refuse = async (server: string, port: number): Promise<void> => {
    tried.push(`${server} ${port}`);
    return Promise.reject(new Error('ECONNREFUSED'));
  };
  const why = await whyAway(mount, refuse);
  expect(tried).toEqual(asked === undefined ? [] : [asked]);
  expect(why === undefined ? undefined : saysAway(why)).toBe(asked === undefined ? undefined : true);
  expect(await whyAway(mount, async () => Promise.resolve())).toBeUndefined();
});
