import { expect, test } from '@jest/globals';
import type { HostPlanOptions } from '../../../src/host/resource.ts';
import { FakeHost, type FakeHostOptions } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile, stepIds } from './support.ts';

interface Row {
  readonly name: string;
  readonly text: string;
  readonly host?: FakeHostOptions;
  readonly steps?: readonly string[];
  readonly blocked?: readonly string[];
}

const inTree: FakeHostOptions = { files: { ...imageEtc, '/var/log/x': 'a\nb\n' } };
const rows: Row[] = [
  { name: 'as it is', text: 'write_files: [{path: /etc/motd, content: "the image says hello\\n"}]' },
  {
    name: 'another mode',
    text: 'write_files: [{path: /etc/motd, content: "the image says hello\\n", permissions: "0600"}]',
    steps: ['write-file:/etc/motd'],
  },
  {
    name: 'another owner',
    text: 'write_files: [{path: /etc/motd, content: "the image says hello\\n", owner: "5:root"}]',
    steps: ['write-file:/etc/motd'],
  },
  {
    name: 'appended already, where the image is not to be had',
    text: 'write_files: [{path: /var/log/x, content: "b\\n", append: true}]',
    host: inTree,
  },
  {
    name: 'to be appended',
    text: 'write_files: [{path: /var/log/x, content: "c\\n", append: true}]',
    host: inTree,
    steps: ['write-file:/var/log/x'],
  },
  {
    name: 'a user who is nobody',
    text: 'write_files: [{path: /etc/motd, content: x, owner: "ghost:root"}]',
    blocked: ['config file/etc/motd: there is no user ghost'],
  },
  {
    name: 'a group that is none',
    text: 'write_files: [{path: /etc/motd, content: x, owner: "root:ghosts"}]',
    blocked: ['config file/etc/motd: there is no group ghosts'],
  },
  {
    name: 'the read-only part of the system',
    text: 'write_files: [{path: /usr/bin/x, content: x}]',
    blocked: ['config file/usr/bin/x: /usr/bin/x cannot be written: that part of the system is read-only'],
  },
  {
    name: 'the kernel',
    text: 'write_files: [{path: /proc/sys/kernel/panic, content: "1"}]',
    blocked: [
      'config file/proc/sys/kernel/panic: /proc/sys/kernel/panic cannot be written: that part of the system is read-only',
    ],
  },
  {
    name: 'a zone that the image does not have',
    text: 'timezone: Europe/Berlin',
    blocked: ['config host/timezone: the image has no data of the time zone Europe/Berlin'],
  },
  {
    name: 'a locale that the image does not have',
    text: 'locale: de_DE.UTF-8',
    blocked: ['config host/locale: the image does not have the locale de_DE.UTF-8'],
  },
  {
    name: 'a keyboard that the image has no keymap of',
    text: 'keyboard: {layout: ru, variant: mac}',
    blocked: ['config host/keyboard: the image has no keymap of the keyboard layout ru, mac'],
  },
  {
    name: 'hosts, not managed',
    text: 'hostname: localhost\nmanage_etc_hosts: false',
    steps: ['write-file:/etc/hostname'],
  },
  {
    name: 'a setting that the kernel does not have',
    text: 'berth: {sysctl: {net.ipv4.x: 1}}',
    blocked: ['config sysctl/net.ipv4.x: the kernel has no setting net.ipv4.x'],
  },
  {
    name: 'a disk that may come later',
    text: 'mounts: [[LABEL=data, /data]]',
    steps: ['write-file:/etc/fstab'],
    blocked: ['device mount/data: LABEL=data is not there'],
  },
  {
    name: 'a disk that must be there',
    text: 'mounts: [[LABEL=data, /data, auto, ro]]',
    steps: ['write-file:/etc/fstab', 'mount:mount/data'],
  },
  {
    name: 'not mounted at boot',
    text: 'mounts: [[LABEL=data, /data, auto, noauto]]',
    steps: ['write-file:/etc/fstab'],
  },
  {
    name: 'the one above first',
    text: 'mounts: [[tmpfs, /a/b/c, tmpfs], [tmpfs, /a, tmpfs]]',
    steps: ['write-file:/etc/fstab', 'mount:mount/a', 'mount:mount/a/b/c'],
  },
  {
    name: 'a swap file that would be in memory',
    text: 'swap: {filename: /swap.img, size: 1G}',
    steps: ['write-file:/etc/fstab'],
    blocked: ['config swap/swap.img: /swap.img would be in memory: only /var and declared mounts are on a disk'],
  },
  {
    name: 'a swap file by the memory',
    text: 'swap: {filename: /var/swap, size: auto, maxsize: 1G}',
    steps: ['write-file:/etc/fstab', 'make-swap-file:swap/var/swap', 'swap-on:swap/var/swap'],
  },
];

test.each(rows)('$name', async ({ text, host = { defaults: imageEtc }, steps = [], blocked = [] }) => {
  const plan = await planOf(new FakeHost(host), config(text));
  expect(stepIds(plan)).toEqual(steps);
  expect(blockedLines(plan)).toEqual(blocked);
});

test('what belongs on a file system waits until that is mounted', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const text = `mounts: [[LABEL=data, /data]]
swap: {filename: /data/swap, size: 1G}
write_files: [{path: /data/log, content: "more\\n", append: true}, {path: /datas, content: x}]`;
  const { done, blocked } = await reconcile(host, config(text));
  expect(done.map(({ id }) => id)).toEqual(['write-file:/etc/fstab', 'write-file:/datas']);
  expect(blockedLines({ blocked })).toEqual([
    'device mount/data: LABEL=data is not there',
    'device swap/data/swap: /data is not mounted',
    'device file/data/log: /data is not mounted',
  ]);
  host.kernel.mounted.push({ source: '/dev/vdb', target: '/data', type: 'ext4', options: ['rw'] });
  await host.files.write('/data/log', Buffer.from('old\n'), { mode: 0o644, uid: 0, gid: 0 });
  const later = await reconcile(host, config(text));
  expect([later.failed, host.files.text('/data/log'), [...host.kernel.swapped]]).toEqual([
    [],
    'old\nmore\n',
    ['/data/swap'],
  ]);
});

test('swap files go before what they are on, and inner mounts before outer ones', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const before = config('mounts: [[tmpfs, /a, tmpfs], [tmpfs, /a/b, tmpfs]]\nswap: {filename: /a/swap, size: 1G}');
  expect((await reconcile(host, before)).failed).toEqual([]);
  const { done, failed } = await reconcile(host, config('{}'), { previous: before });
  expect(failed).toEqual([]);
  expect(done.map(({ id }) => id)).toEqual([
    'write-file:/etc/fstab',
    'swap-off:swap/a/swap',
    'remove-file:swap/a/swap',
    'unmount:mount/a/b',
    'unmount:mount/a',
  ]);
});

test('a swap file of another size is made anew', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const before = config('swap: {filename: /var/swap, size: 1G}');
  await reconcile(host, before);
  const plan = await planOf(host, config('swap: {filename: /var/swap, size: 2G}'), { previous: before });
  expect(stepIds(plan)).toEqual(['swap-off:swap/var/swap', 'make-swap-file:swap/var/swap', 'swap-on:swap/var/swap']);
});

test('a mount with another source, and one with other options', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const before = config('mounts: [[tmpfs, /a, tmpfs], [tmpfs, /b, tmpfs, "size=1m"], ["nas:/x", /c, nfs]]');
  await reconcile(host, before);
  const after = config('mounts: [[tmpfs, /a, tmpfs, ro], [tmpfs, /b, tmpfs, "size=2m"], ["nas:/y", /c, nfs]]');
  const { steps } = await planOf(host, after, { previous: before });
  expect(steps.map(({ id, cost }) => [id, cost])).toEqual([
    ['write-file:/etc/fstab', 'live'],
    ['mount-anew:mount/a', 'live'],
    ['mount-anew:mount/b', 'live'],
    ['mount-anew:mount/c', 'restart-service'],
  ]);
  await reconcile(host, after, { previous: before });
  expect((await planOf(host, after, { previous: after })).steps).toEqual([]);
});

const onServer = (type: string, options: string) =>
  config(`mounts: [["${type === 'cifs' ? '//nas/x' : 'nas:/x'}", /c, ${type}, "${options}"]]`);

test.each([
  { type: 'nfs4', from: 'vers=4.2', to: 'vers=4.1', step: 'unmount /c and mount it with other options: vers=4.1' },
  { type: 'nfs', from: 'rw', to: 'rw,nconnect=4', step: 'unmount /c and mount it with other options: rw,nconnect=4' },
  {
    type: 'nfs4',
    from: 'vers=4.1,rw',
    to: 'vers=4.1,ro,noatime',
    step: 'mount /c with other options: vers=4.1,ro,noatime',
  },
  { type: 'nfs4', from: 'vers=4.1', to: 'vers=4.1,nofail,_netdev', step: undefined },
  {
    type: 'cifs',
    from: 'user=a,password=old',
    to: 'user=a,password=new',
    step: 'unmount /c and mount it with other options: user=a,password=…',
  },
])('$type with $to after $from', async ({ type, from, to, step }) => {
  const host = new FakeHost({ defaults: imageEtc });
  await reconcile(host, onServer(type, from));
  const options = { previous: onServer(type, from) };
  const { steps } = await planOf(host, onServer(type, to), options);
  const summaries = steps.filter(({ kind }) => kind === 'mount-anew').map(({ summary, cost }) => [summary, cost]);
  const cost = step?.startsWith('unmount') === true ? 'restart-service' : 'live';
  expect(summaries).toEqual(step === undefined ? [] : [[step, cost]]);
  const { done } = await reconcile(host, onServer(type, to), options);
  expect(done.filter(({ kind }) => kind === 'mount-anew')).toHaveLength(step === undefined ? 0 : 1);
});

test('what is in use stays as it is mounted, and says what to do', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const before = onServer('nfs4', 'vers=4.2');
  await reconcile(host, before);
  host.kernel.unmount = async () => Promise.reject(new Error('umount ended with 32: umount: /c: target is busy.'));
  const { failed } = await reconcile(host, onServer('nfs4', 'vers=4.1'), { previous: before });
  expect(failed.map(({ error }) => error)).toEqual([
    '/c is in use, so it stays as it is mounted: stop the services that use it, or restart the host',
  ]);
  expect(host.kernel.mounted.map(({ target }) => target)).toEqual(['/c']);
});

const reasons: { readonly name: string; readonly options: HostPlanOptions; readonly reason: unknown }[] = [
  { name: 'new in the config', options: {}, reason: { kind: 'config', key: 'hostname', change: 'added' } },
  {
    name: 'changed in the config',
    options: { previous: config('hostname: db') },
    reason: { kind: 'config', key: 'hostname', change: 'changed' },
  },
  { name: 'after a boot', options: { previous: config('hostname: web'), boot: true }, reason: { kind: 'boot' } },
  {
    name: 'changed by somebody',
    options: { previous: config('hostname: web') },
    reason: { kind: 'drift', detail: 'host/hostname is not as hostname says' },
  },
];

test.each(reasons)('a step says why it is there: $name', async ({ options, reason }) => {
  const { steps } = await planOf(new FakeHost({ defaults: imageEtc }), config('hostname: web'), options);
  expect(steps.find(({ kind }) => kind === 'set-hostname')?.reason).toEqual(reason);
});

test('a home elsewhere, and one that somebody else owns', async () => {
  const host = new FakeHost({ defaults: imageEtc });
  const declared = config('users: [{name: ops, homedir: /srv/ops}]');
  await reconcile(host, declared);
  await host.files.makeDirectory('/srv/ops', { mode: 0o700, uid: 7, gid: 7 });
  expect(stepIds(await planOf(host, declared, { previous: declared }))).toEqual(['make-directory:user/ops']);
  await reconcile(host, declared, { previous: declared });
  expect(host.files.nodes.get('/srv/ops')).toEqual({ kind: 'directory', mode: 0o700, uid: 1000, gid: 1000 });
});
