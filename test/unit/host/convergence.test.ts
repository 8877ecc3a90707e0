import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { FakeHost, type FakeHostOptions } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile } from './support.ts';

const disk = (path: string) => ({ path, sizeBytes: 2 ** 30, signature: { kind: 'none' } }) as const;
const certificate = '-----BEGIN CERTIFICATE-----\\nOURS\\n-----END CERTIFICATE-----';

interface Row {
  readonly name: string;
  readonly text: string;
  readonly host?: FakeHostOptions;
  /** What is so then; also after a reboot. */
  readonly then: (host: FakeHost) => unknown;
  readonly is: unknown;
  /** What is left of it when nothing is declared any more; default nothing. */
  readonly leftovers?: readonly string[];
}

const rows: Row[] = [
  {
    name: 'names',
    text: 'hostname: web\nfqdn: web.example.org',
    then: ({ kernel, files }) => [kernel.name, files.text('/etc/hostname'), files.text('/etc/hosts')?.split('\n')[1]],
    is: ['web', 'web\n', '127.0.1.1 web.example.org web'],
  },
  {
    name: 'the time zone',
    text: 'timezone: Europe/Berlin',
    host: { files: { '/usr/share/zoneinfo/Europe/Berlin': 'TZif', '/usr/share/zoneinfo/Etc/UTC': 'TZif' } },
    then: ({ files }) => [files.nodes.get('/etc/localtime'), files.text('/etc/timezone')],
    is: [{ kind: 'link', target: '../usr/share/zoneinfo/Europe/Berlin' }, 'Europe/Berlin\n'],
  },
  {
    name: 'certificates',
    text: `berth: {ca_certificates: ["${certificate}"]}`,
    then: ({ files }) => files.text('/etc/ssl/certs/ca-certificates.crt')?.match(/IMAGE|OURS/g),
    is: ['IMAGE', 'OURS'],
  },
  {
    name: 'proxies',
    text: 'berth: {proxy: {https: "http://proxy:3128", no_proxy: [a, b]}}',
    then: ({ files }) => files.text('/etc/environment')?.split('\n'),
    is: [
      '# begin berth proxy',
      'https_proxy=http://proxy:3128',
      'HTTPS_PROXY=http://proxy:3128',
      'no_proxy=a,b',
      'NO_PROXY=a,b',
      '# end berth proxy',
      '',
    ],
  },
  {
    name: 'the locale',
    text: 'locale: C.UTF-8',
    then: ({ files }) => files.text('/etc/default/locale'),
    is: 'LANG=C.UTF-8\n',
  },
  {
    name: 'the keyboard',
    text: 'keyboard: {layout: de}',
    host: { files: { '/usr/share/berth/keymaps/de.bmap': 'bkeymap' } },
    then: ({ kernel }) => kernel.loadedKeymap,
    is: '/usr/share/berth/keymaps/de.bmap',
  },
  {
    name: "the keyboard's variant",
    text: 'keyboard: {layout: de, variant: nodeadkeys}',
    host: { files: { '/usr/share/berth/keymaps/de-nodeadkeys.bmap': 'bkeymap' } },
    then: ({ kernel }) => kernel.loadedKeymap,
    is: '/usr/share/berth/keymaps/de-nodeadkeys.bmap',
  },
  {
    name: "the console's password",
    text: 'berth: {console: {password_hash: $6$a$b}}',
    then: ({ files }) => files.nodes.get('/run/berth/console.hash'),
    is: { kind: 'file', contentBase64: Buffer.from('$6$a$b\n').toString('base64'), mode: 0o600, uid: 0, gid: 0 },
  },
  {
    name: 'modules and the settings that they bring',
    text: 'berth: {modules: [br_netfilter], sysctl: {net.bridge.x: 1, kernel.panic: 30, net.ipv4.tcp_rmem: 1 2 3}}',
    host: {
      settings: { 'kernel.panic': '0', 'net.ipv4.tcp_rmem': '4\t5\t6' },
      modules: { br_netfilter: { 'net.bridge.x': '0' } },
    },
    then: ({ kernel }) => [[...kernel.loaded], Object.fromEntries(kernel.settings)],
    is: [['br_netfilter'], { 'kernel.panic': '30', 'net.bridge.x': '1', 'net.ipv4.tcp_rmem': '1\t2\t3' }],
    leftovers: [
      'boot module/br_netfilter: stays loaded until the next boot',
      'boot sysctl/net.bridge.x: keeps its value until the next boot',
      'boot sysctl/kernel.panic: keeps its value until the next boot',
      'boot sysctl/net.ipv4.tcp_rmem: keeps its value until the next boot',
    ],
  },
  {
    name: 'users, groups and homes',
    text: 'users: [default, {name: ops, groups: [docker]}]\ngroups: [{backup: [ops]}]',
    host: { files: { '/etc/skel/.profile': 'hello' } },
    then: ({ files }) => [
      files.text('/etc/passwd')?.split('\n').slice(2),
      files.text('/etc/group')?.split('\n').slice(3),
      files.nodes.get('/home'),
      files.nodes.get('/var/home/ops'),
      files.text('/var/home/ops/.profile'),
    ],
    is: [
      ['berth:x:1000:1000:Berth:/home/berth:/bin/bash', 'ops:x:1001:1001::/home/ops:/bin/bash', ''],
      ['backup:x:2000:ops', 'berth:x:1000:', 'docker:x:999:berth,ops', 'ops:x:1001:', ''],
      { kind: 'link', target: 'var/home' },
      { kind: 'directory', mode: 0o750, uid: 1001, gid: 1001 },
      'hello',
    ],
  },
  {
    name: 'files: written, appended to, owned by a declared user, deferred',
    text: `users: [ops]
write_files:
- {path: /etc/motd, content: "one\\n", append: true}
- {path: /etc/motd, content: "two\\n", append: true}
- {path: /etc/app/key, content: secret, permissions: "0600", owner: "ops:ops"}
- {path: /var/home/ops/notes, content: hi, owner: "ops:ops", defer: true}`,
    then: ({ files }) => [
      files.text('/etc/motd'),
      files.text('/etc/app/key'),
      (files.nodes.get('/etc/app/key') as { uid: number }).uid,
      files.text('/var/home/ops/notes'),
    ],
    is: ['the image says hello\none\ntwo\n', 'secret', 1000, 'hi'],
  },
  {
    name: 'a file that Berth writes too: the declared words are over it',
    text: 'hostname: web\nwrite_files: [{path: /etc/hosts, content: "10.0.0.1 db\\n", append: true}, {path: /etc/hostname, content: "mine\\n"}]',
    then: ({ files }) => [files.text('/etc/hosts')?.split('\n').slice(-2), files.text('/etc/hostname')],
    is: [['10.0.0.1 db', ''], 'mine\n'],
  },
  {
    name: 'disks, file systems, mounts and swap space',
    text: `disk_setup: {/dev/vdb: {table_type: gpt, layout: [50, [50, 82]]}}
fs_setup:
- {device: /dev/vdb, partition: 1, filesystem: ext4, label: data}
- {device: /dev/vdb, partition: 2, filesystem: swap}
mounts: [[LABEL=data, /data, ext4, ro], [/data/x, /srv/x, none, bind], [/dev/vdb2, none, swap]]`,
    host: { disks: [disk('/dev/vdb')] },
    then: ({ kernel, files }) => [
      kernel.mounted.map(({ source, target, options }) => [source, target, options[0]]),
      [...kernel.swapped],
      files.text('/etc/fstab')?.split('\n').slice(1, -2),
    ],
    is: [
      [
        ['/dev/vdb1', '/data', 'ro'],
        ['/data/x', '/srv/x', 'rw'],
      ],
      ['/dev/vdb2'],
      ['LABEL=data /data ext4 ro 0 0', '/data/x /srv/x none bind 0 0', '/dev/vdb2 none swap defaults,nofail 0 0'],
    ],
  },
  {
    name: 'an array with a file system on it',
    text: 'berth: {raid: {data: {level: 1, devices: [/dev/vdb, /dev/vdc]}}}\nfs_setup: [{device: /dev/md/data, filesystem: xfs}]\nmounts: [[/dev/md/data, /data, xfs]]',
    host: { disks: [disk('/dev/vdb'), disk('/dev/vdc')] },
    then: ({ kernel }) => kernel.mounted.map(({ target }) => target),
    is: ['/data'],
  },
  {
    name: 'encrypted devices with a file system and swap space, on an array and a disk',
    text: `fs_setup:
- {device: /dev/mapper/vault, partition: none, filesystem: xfs}
- {device: /dev/mapper/paged, partition: none, filesystem: swap}
mounts: [[/dev/mapper/vault, /data, xfs], [/dev/mapper/paged, none, swap]]
berth:
  raid: {data: {level: 1, devices: [/dev/vdb, /dev/vdc]}}
  luks: {vault: {device: /dev/md/data, key: secret}, paged: {device: /dev/vdd}}`,
    host: { disks: [disk('/dev/vdb'), disk('/dev/vdc'), disk('/dev/vdd')] },
    then: ({ kernel }) => [kernel.mounted.map(({ source, target }) => `${source} ${target}`), [...kernel.swapped]],
    is: [['/dev/mapper/vault /data'], ['/dev/mapper/paged']],
  },
  {
    name: 'a swap file',
    text: 'swap: {filename: /var/swap, size: 1G}',
    then: ({ kernel, files }) => [[...kernel.swapped], files.allocated.get('/var/swap')],
    is: [['/var/swap'], 2 ** 30],
  },
  {
    name: 'a partition that grows with its file system',
    text: 'growpart: {devices: [/data]}\nmounts: [[/dev/vdb1, /data, xfs]]',
    host: {
      disks: [
        {
          ...disk('/dev/vdb'),
          table: {
            type: 'gpt',
            sectorBytes: 512,
            partitions: [{ number: 1, startSector: 2048, sizeSectors: 2048 * 512, type: 'x' }],
          },
        },
        {
          path: '/dev/vdb1',
          sizeBytes: 2 ** 29,
          signature: { kind: 'filesystem', type: 'xfs' },
          filesystemBytes: 2 ** 29,
          partOf: { disk: '/dev/vdb', number: 1 },
        },
      ],
    },
    then: ({ blockDevices }) => blockDevices.devices.get('/dev/vdb1')?.filesystemBytes,
    is: 2 ** 30 - 2 * 2 ** 20,
  },
];

describe.each(rows)('$name', ({ text, host: options, then, is, leftovers = [] }) => {
  const declared = config(text);
  const fresh = (): FakeHost => new FakeHost({ defaults: imageEtc, ...options });

  test('the host becomes as declared, and then there is nothing to do', async () => {
    const host = fresh();
    const outcome = await reconcile(host, declared, { firstApply: true });
    expect(outcome.failed).toEqual([]);
    expect(blockedLines(outcome)).toEqual([]);
    expect(outcome.done.length).toBeGreaterThan(0);
    expect(then(host)).toEqual(is);
    expect(await planOf(host, declared, { previous: declared })).toEqual({ steps: [], blocked: [] });
  });

  test('a reboot changes nothing, and destroys nothing', async () => {
    const host = fresh();
    await reconcile(host, declared, { firstApply: true });
    host.reboot();
    for (const [path, content] of Object.entries(options?.files ?? {}))
      await host.files.write(path, Buffer.from(content), { mode: 0o644, uid: 0, gid: 0 });
    const { failed, blocked } = await reconcile(host, declared, { previous: declared, boot: true });
    expect([failed, blocked]).toEqual([[], []]);
    expect(then(host)).toEqual(is);
    expect((await planOf(host, declared, { previous: declared })).steps).toEqual([]);
  });

  test('what is not declared any more goes', async () => {
    const host = fresh();
    await reconcile(host, declared, { firstApply: true });
    const outcome = await reconcile(host, emptyHostConfig, { previous: declared });
    expect(outcome.failed).toEqual([]);
    expect(blockedLines(outcome)).toEqual(leftovers);
    const plan = await planOf(host, emptyHostConfig, { previous: declared });
    expect(plan.steps).toEqual([]);
    for (const [path, text] of Object.entries(imageEtc)) expect(host.files.text(path)).toBe(text);
    expect([host.kernel.mounted, host.kernel.swapped.size]).toEqual([[], 0]);
  });
});
