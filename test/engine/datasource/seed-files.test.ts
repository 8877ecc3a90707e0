import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readBoundedFile } from '../../../src/datasource/bounded-file.ts';
import { readHostFacts } from '../../../src/datasource/host-facts-reader.ts';
import { HostGuestValues } from '../../../src/datasource/hypervisor/host-guest-values.ts';
import { MountedSeedDevices } from '../../../src/datasource/mounted-seed-devices.ts';
import { noFacts } from '../../support/no-facts.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-seed-'));
});
afterEach(() => rm(root, { recursive: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

describe('a file of a seed', () => {
  const read = (path: string, maxBytes = 1000): Promise<Uint8Array | undefined> =>
    readBoundedFile(root, path, maxBytes);

  test('is read, and so is one behind a link that stays inside', async () => {
    await put('openstack/2018-08-27/user_data', 'text');
    await symlink('2018-08-27', join(root, 'openstack/latest'));
    expect(await read('openstack/latest/user_data')).toEqual(new TextEncoder().encode('text'));
    expect(await read('user-data')).toBeUndefined();
    expect(await read('openstack/2018-08-27/user_data/below')).toBeUndefined();
  });

  test('that leads out of the file system is refused', async () => {
    await symlink('/etc/passwd', join(root, 'user-data'));
    await symlink('..', join(root, 'up'));
    await expect(read('user-data')).rejects.toMatchObject({ code: 'DATASOURCE_UNREADABLE' });
    await expect(read(`up/${'x'.repeat(3)}/../user-data`)).resolves.toBeUndefined();
    await expect(read('up')).rejects.toMatchObject({ code: 'DATASOURCE_UNREADABLE' });
  });

  test('that is a pipe, a directory or a device is refused, and nothing waits', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    execFileSync('mknod', [join(root, 'zero'), 'c', '1', '5']);
    await mkdir(join(root, 'directory'));
    for (const name of ['pipe', 'zero', 'directory'])
      await expect(read(name)).rejects.toMatchObject({
        code: 'DATASOURCE_UNREADABLE',
        message: `${name} is not a regular file`,
      });
  });

  test('that is too long is refused without being read to its end', async () => {
    await put('user-data', '');
    await truncate(join(root, 'user-data'), 2 ** 40);
    await expect(read('user-data')).rejects.toMatchObject({ message: 'user-data is longer than 1000 bytes' });
  });
});

test('the facts of a host are read from its files', async () => {
  await put('proc/cmdline', 'quiet ds=nocloud\n');
  await put('sys/class/dmi/id/sys_vendor', 'QEMU\n');
  await put('sys/class/dmi/id/product_serial', '\n');
  await put('sys/firmware/dmi/tables/DMI', new Uint8Array([11, 5, 0, 0, 1, 0x61, 0, 0, 127, 4, 0, 0, 0, 0]));
  // As the kernel has them: an item's name is a link to its number.
  await put('sys/firmware/qemu_fw_cfg/by_key/33/raw', '#cloud-config\n');
  await mkdir(join(root, 'sys/firmware/qemu_fw_cfg/by_name/opt/io.berth'), { recursive: true });
  await symlink('../../../by_key/33', join(root, 'sys/firmware/qemu_fw_cfg/by_name/opt/io.berth/config'));
  await put('sys/firmware/qemu_fw_cfg/by_name/opt/top/raw', '');
  await put('sys/firmware/qemu_fw_cfg/by_name/etc/other/raw', '');
  await put('usr/lib/berth/seed/user-data', '#cloud-config\n');
  const calls: string[] = [];
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    calls.push([command, ...args].join(' '));
    return 'DEVNAME=/dev/vdb\nLABEL=cidata\nTYPE=vfat\n';
  };

  expect(await readHostFacts(run, new AbortController().signal, root)).toEqual({
    dmi: { sys_vendor: 'QEMU' },
    oemStrings: ['a'],
    cmdline: 'quiet ds=nocloud',
    fwCfg: ['opt/io.berth/config', 'opt/top'],
    blockDevices: [{ path: '/dev/vdb', type: 'vfat', label: 'cidata' }],
    seedFiles: ['/usr/lib/berth/seed/user-data'],
    guestValues: [],
    isVirtual: true,
  });
  expect(calls).toEqual(['blkid -c /dev/null -o export']);
});

test('a host that tells nothing has no facts', async () => {
  const run = (): Promise<string> => Promise.reject(new Error('exit 2'));
  expect(await readHostFacts(run, new AbortController().signal, root)).toEqual(noFacts);
});

test('VMware’s program is asked on a machine of VMware’s, for names that are known', async () => {
  await put('sys/class/dmi/id/product_name', 'VMware7,1\n');
  const values: Record<string, string> = {
    'guestinfo.userdata': '#cloud-config\n',
    'guestinfo.metadata': '---',
    'guestinfo.vendordata': ' ',
    'guestinfo.ovfEnv':
      '<Environment><PropertySection><Property oe:key="x" oe:value="y"/></PropertySection></Environment>',
  };
  const asked: string[] = [];
  const run = async (command: string, [argument = '']: readonly string[]): Promise<string> => {
    if (command !== 'vmware-rpctool') throw new Error('exit 2');
    const name = /^info-get (.*)$/.exec(argument)?.[1] ?? '';
    asked.push(name);
    const value = values[name];
    if (value === undefined) throw new Error('No value found');
    return `${value}\n`;
  };
  const { signal } = new AbortController();
  const { guestValues } = await readHostFacts(run, signal, root);
  expect(guestValues).toEqual(['guestinfo.userdata']);
  expect(new Set(asked).size).toBe(asked.length);
  expect(await new HostGuestValues(run, root).read('guestinfo.userdata', signal)).toBe('#cloud-config\n');
  expect(await new HostGuestValues(run, root).read('guestinfo.hostname', signal)).toBeUndefined();
});

test('a host of Xen’s without a way to its store has no values', async () => {
  await put('sys/hypervisor/type', 'xen\n');
  const run = (): Promise<string> => Promise.reject(new Error('exit 2'));
  expect((await readHostFacts(run, new AbortController().signal, root)).guestValues).toEqual([]);
});

test.each([
  ['a processor of a virtual machine’s', 'flags\t\t: fpu vme hypervisor lahf_lm\n', true],
  ['a processor of a machine’s own', 'flags\t\t: fpu vme lahf_lm\nbugs\t\t: hypervisor_x\n', false],
])('%s is known', async (_name, cpuinfo, isVirtual) => {
  await put('proc/cpuinfo', cpuinfo);
  const run = (): Promise<string> => Promise.reject(new Error('exit 2'));
  expect((await readHostFacts(run, new AbortController().signal, root)).isVirtual).toBe(isVirtual);
});

test('a disc of another file system than seeds have is mounted only where that is asked for', async () => {
  const calls: string[] = [];
  const run = async (command: string, args: readonly string[]): Promise<string> => {
    calls.push([command, ...args].join(' '));
    // What would be on the disc.
    if (command === 'mount') await put('mounted/ovf-env.xml', '<Environment/>');
    return '';
  };
  const devices = new MountedSeedDevices(run, join(root, 'mounted'));
  const disc = { path: '/dev/sr0', type: 'udf' };
  const { signal } = new AbortController();
  await expect(devices.read(disc, ['ovf-env.xml'], signal)).rejects.toMatchObject({
    code: 'DATASOURCE_UNREADABLE',
    message: '/dev/sr0 has the file system udf',
  });
  const found = await devices.read(disc, ['ovf-env.xml', 'other'], signal, ['udf']);
  expect([...found.keys()]).toEqual(['ovf-env.xml']);
  const place = join(root, 'mounted');
  expect(calls).toEqual([`mount -t udf -o ro,nosuid,nodev,noexec /dev/sr0 ${place}`, `umount ${place}`]);
});
