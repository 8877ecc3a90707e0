import { describe, expect, test } from '@jest/globals';
import { directBoot, plainVm } from '../../../../image/vm/presets.ts';
import { type Accelerator, qemuArguments } from '../../../../image/vm/qemu-arguments.ts';
import { vmFiles } from '../../../../image/vm/vm-files.ts';
import type { Delivery, DiskBus, VmSpec } from '../../../../image/vm/vm-spec.ts';

const direct = directBoot({
  disk: '/image/disk.raw',
  kernel: '/image/vmlinuz',
  initrd: '/image/initrd',
  commandLine: 'quiet',
});
const uefi = { kind: 'uefi', code: '/firmware/code.fd', variables: '/firmware/variables.fd' } as const;
const plain = plainVm('web', '/image/disk.raw', direct);
const seed = { instanceId: 'i-1', userData: '#cloud-config\n' };

const several = {
  kind: 'user',
  forwards: [],
  nics: [
    { model: 'virtio', macAddress: '52:54:00:be:00:01' },
    { model: 'vmxnet3', macAddress: '52:54:00:be:00:02' },
  ],
  ipv6Network: 'fd00:be::/64',
} as const;
/** Devices before the network's. */
const earlier = ['VGA,romfile=', 'virtio-blk-pci,drive=disk,serial=berth-boot'];

function argumentsOf(change: Partial<VmSpec> = {}, accelerator: Accelerator = 'tcg', directory = '/vm/web'): string[] {
  return qemuArguments({ ...plain, ...change }, vmFiles(directory), accelerator);
}

/** The values of an option. */
function valuesOf(option: string, all: readonly string[]): string[] {
  return all.flatMap((word, index) => (word === option ? [all[index + 1] ?? ''] : []));
}

function blockNodes(all: readonly string[]): Record<string, unknown>[] {
  return valuesOf('-blockdev', all).map((text) => JSON.parse(text) as Record<string, unknown>);
}

function blockNode(name: string, all: readonly string[]): Record<string, unknown> | undefined {
  return blockNodes(all).find((node) => node['node-name'] === name);
}

test('the plain VM, word for word', () => {
  const cache = '"cache":{"no-flush":false},"discard":"unmap"';
  expect(argumentsOf()).toEqual([
    ...['-name', 'berth-web', '-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max'],
    ...['-smp', '2', '-m', '2048', '-nodefaults', '-display', 'none'],
    '-chardev',
    'socket,id=serial,path=/vm/web/serial.sock,server=on,wait=off,logfile=/vm/web/serial.log,logappend=on',
    ...['-serial', 'chardev:serial'],
    ...['-chardev', 'socket,id=qmp,path=/vm/web/qmp.sock,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'],
    ...['-device', 'VGA,romfile='],
    ...['-kernel', '/image/vmlinuz', '-initrd', '/image/initrd', '-append', 'quiet'],
    '-blockdev',
    `{"driver":"qcow2",${cache},"file":{"driver":"file","filename":"/vm/web/disk.qcow2",${cache}},"node-name":"disk"}`,
    ...['-device', 'virtio-blk-pci,drive=disk,serial=berth-boot'],
    ...['-device', 'virtio-rng-pci,romfile='],
    ...['-device', 'i6300esb', '-action', 'watchdog=reset'],
  ]);
});

test.each<[string, Partial<VmSpec>, Accelerator, string, string[]]>([
  ['processors and memory', { cpus: 4, memoryMebibytes: 512 }, 'tcg', '-smp', ['4']],
  ['memory in MiB', { memoryMebibytes: 512 }, 'tcg', '-m', ['512']],
  ['KVM with the processor as it is', {}, 'kvm', '-accel', ['kvm']],
  ['the processor of KVM', {}, 'kvm', '-cpu', ['host']],
  ['a machine of the other architecture', { architecture: 'arm64' }, 'tcg', '-machine', ['virt']],
  ['the processor of the other architecture', { architecture: 'arm64' }, 'tcg', '-cpu', ['cortex-a57']],
  ['no watchdog', { watchdog: false }, 'tcg', '-action', []],
  ['the time on its clock', {}, 'tcg', '-rtc', []],
  ['another time on its clock', { clock: '2000-01-01T00:00:00' }, 'tcg', '-rtc', ['base=2000-01-01T00:00:00']],
  ['no network', { network: { kind: 'none' } }, 'tcg', '-netdev', []],
  ['a network without forwards', { network: { kind: 'user', forwards: [] } }, 'tcg', '-netdev', ['user,id=net']],
  [
    'ports of the loopback only',
    {
      network: {
        kind: 'user',
        forwards: [
          { hostPort: 4022, guestPort: 22 },
          { hostPort: 4080, guestPort: 80 },
        ],
      },
    },
    'tcg',
    '-netdev',
    ['user,id=net,hostfwd=tcp:127.0.0.1:4022-:22,hostfwd=tcp:127.0.0.1:4080-:80'],
  ],
  [
    'a network that leads nowhere',
    { network: { kind: 'user', forwards: [], isolated: true } },
    'tcg',
    '-netdev',
    ['user,id=net,restrict=on'],
  ],
  [
    'a device on the NAT itself',
    { network: { kind: 'user', forwards: [] }, watchdog: false },
    'tcg',
    '-device',
    [...earlier, 'virtio-net-pci,romfile=,netdev=net', 'virtio-rng-pci,romfile='],
  ],
  [
    'several devices: one on a hub with the NAT, the others on their own',
    { network: several },
    'tcg',
    '-netdev',
    [
      'user,id=net,ipv6-net=fd00:be::/64',
      'hubport,id=hub-net,hubid=0,netdev=net',
      'hubport,id=hub-0,hubid=0',
      'hubport,id=hub-1,hubid=1',
    ],
  ],
  [
    'devices by model and address',
    { network: several, watchdog: false },
    'tcg',
    '-device',
    [
      ...earlier,
      'virtio-net-pci,romfile=,id=nic-0,netdev=hub-0,mac=52:54:00:be:00:01',
      'vmxnet3,romfile=,id=nic-1,netdev=hub-1,mac=52:54:00:be:00:02',
      'virtio-rng-pci,romfile=',
    ],
  ],
  [
    'an IPv6 network of its own',
    { network: { kind: 'user', forwards: [], ipv6Network: '2001:db8::/64' } },
    'tcg',
    '-netdev',
    ['user,id=net,ipv6-net=2001:db8::/64'],
  ],
])('%s', (_rule, change, accelerator, option, values) => {
  expect(valuesOf(option, argumentsOf(change, accelerator))).toEqual(values);
});

test('a second serial port has a socket of its own', () => {
  const all = argumentsOf({ secondSerial: true });
  expect(valuesOf('-serial', all)).toEqual(['chardev:serial', 'chardev:serial2']);
  expect(valuesOf('-chardev', all)).toContain('socket,id=serial2,path=/vm/web/serial2.sock,server=on,wait=off');
});

describe('UEFI', () => {
  test('reads its program and writes variables of the VM’s own', () => {
    const all = argumentsOf({ boot: uefi });
    expect(valuesOf('-machine', all)).toEqual(['q35,pflash0=code,pflash1=variables']);
    expect(blockNode('code', all)).toMatchObject({ 'read-only': true, file: { filename: '/firmware/code.fd' } });
    expect(blockNode('variables', all)).toMatchObject({ file: { filename: '/vm/web/variables.fd' } });
    expect(all).not.toContain('-kernel');
  });

  test('guards the variables of a Secure Boot firmware', () => {
    const all = argumentsOf({ boot: { ...uefi, isSecure: true } });
    expect(valuesOf('-machine', all)).toEqual(['q35,pflash0=code,pflash1=variables,smm=on']);
    expect(valuesOf('-global', all)).toEqual(['driver=cfi.pflash01,property=secure,value=on']);
  });
});

describe('disks', () => {
  test.each<[DiskBus, string[]]>([
    ['virtio', ['virtio-blk-pci,drive=disk,serial=berth-boot,bootindex=0']],
    ['nvme', ['nvme,drive=disk,serial=berth-boot,bootindex=0']],
    ['ahci', ['ich9-ahci,id=disk-bus', 'ide-hd,bus=disk-bus.0,drive=disk,serial=berth-boot,bootindex=0']],
    ['pvscsi', ['pvscsi,id=disk-bus', 'scsi-hd,bus=disk-bus.0,drive=disk,serial=berth-boot,bootindex=0']],
  ])('boot from %s', (bus, devices) => {
    const all = argumentsOf({ boot: uefi, disk: { ...plain.disk, bus }, watchdog: false });
    const others = ['VGA,romfile=', 'virtio-rng-pci,romfile='];
    expect(valuesOf('-device', all).filter((device) => !others.includes(device))).toEqual(devices);
  });

  test('further ones have a file, a bus and a serial number of their own', () => {
    const all = argumentsOf({ extraDisks: [{ name: 'data', sizeBytes: 1, bus: 'nvme' }] });
    expect(blockNode('disk-data', all)).toMatchObject({ file: { filename: '/vm/web/disk-data.qcow2' } });
    expect(valuesOf('-device', all)).toContain('nvme,drive=disk-data,serial=data');
  });

  test.each(['raw', 'qcow2'] as const)("somebody's %s file as a further disk", (format) => {
    const all = argumentsOf({ extraDisks: [{ name: 'extra-1', bus: 'virtio', file: '/home/stick.img', format }] });
    expect(blockNode('disk-extra-1', all)).toMatchObject({ driver: format, file: { filename: '/home/stick.img' } });
    expect(valuesOf('-device', all)).toContain('virtio-blk-pci,drive=disk-extra-1,serial=extra-1');
  });

  test.each([
    ['fast', true],
    ['flushed', false],
  ] as const)('%s writes: flushes are left out: %s', (writes, skipped) => {
    expect(blockNode('disk', argumentsOf({ writes }))).toMatchObject({
      cache: { 'no-flush': skipped },
      file: { cache: { 'no-flush': skipped } },
    });
  });

  test('recorded writes go through the log, which sees every flush', () => {
    const node = blockNode('disk', argumentsOf({ recordWrites: true, writes: 'fast' }));
    expect(node).toMatchObject({
      driver: 'blklogwrites',
      log: { driver: 'file', filename: '/vm/web/writes.log' },
      file: { driver: 'qcow2' },
    });
    expect(node).not.toHaveProperty('cache');
  });

  test('recorded writes come one by one, as the log can take them', () => {
    const recorded = argumentsOf({ recordWrites: true });
    expect(recorded).toContain('virtio-blk-pci,drive=disk,serial=berth-boot,request-merging=off');
    expect(argumentsOf({})).toContain('virtio-blk-pci,drive=disk,serial=berth-boot');
  });
});

describe('deliveries', () => {
  test.each<[Delivery, string, string[]]>([
    [{ kind: 'nocloud-vfat', seed }, '-device', ['virtio-blk-pci,drive=delivery-0,serial=delivery-0']],
    [{ kind: 'nocloud-iso', seed }, '-device', ['virtio-blk-pci,drive=delivery-0,serial=delivery-0']],
    [{ kind: 'config-drive', seed }, '-device', ['virtio-blk-pci,drive=delivery-0,serial=delivery-0']],
    [
      { kind: 'disc', image: '/a' },
      '-device',
      ['virtio-scsi-pci,id=drive-0', 'scsi-cd,bus=drive-0.0,drive=delivery-0'],
    ],
    [{ kind: 'fw-cfg', name: 'opt/a,b', text: '' }, '-fw_cfg', ['name=opt/a,,b,file=/vm/web/delivery-0']],
    [{ kind: 'smbios-strings', strings: ['a=1,2', 'b'] }, '-smbios', ['type=11,value=a=1,,2', 'type=11,value=b']],
    [
      { kind: 'smbios-serial', serial: 'ds=nocloud;s=http://10.0.2.2/' },
      '-smbios',
      ['type=1,serial=ds=nocloud;s=http://10.0.2.2/'],
    ],
    [
      {
        kind: 'metadata-service',
        firmware: [{ type: 1, values: { manufacturer: 'A, B', serial: '1' } }],
        address: '169.254.169.254',
        port: 1,
      },
      '-smbios',
      ['type=1,manufacturer=A,, B,serial=1'],
    ],
    [
      { kind: 'metadata-service', firmware: [], address: '169.254.169.254', port: 1 },
      '-netdev',
      ['user,id=service-0,net=169.254.0.0/16,restrict=on,guestfwd=tcp:169.254.169.254:80-cmd:/vm/web/delivery-0'],
    ],
    [{ kind: 'command-line', words: 'ds=nocloud' }, '-append', ['quiet ds=nocloud']],
  ])('%j', (delivery, option, values) => {
    const all = argumentsOf({ deliveries: [delivery] });
    expect(valuesOf(option, all)).toEqual(expect.arrayContaining(values));
  });

  test('volumes are read-only', () => {
    expect(blockNode('delivery-0', argumentsOf({ deliveries: [{ kind: 'nocloud-vfat', seed }] }))).toMatchObject({
      'read-only': true,
      file: { filename: '/vm/web/delivery-0' },
    });
  });

  test('several are told apart', () => {
    const all = argumentsOf({
      deliveries: [
        { kind: 'nocloud-vfat', seed },
        { kind: 'config-drive', seed },
      ],
    });
    expect(blockNodes(all).map((node) => node['node-name'])).toEqual(['disk', 'delivery-0', 'delivery-1']);
  });

  test('words for the kernel need a direct boot', () => {
    const deliveries: Delivery[] = [{ kind: 'command-line', words: 'a' }];
    expect(() => argumentsOf({ boot: uefi, deliveries })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

test('commas in paths do not end an option', () => {
  const all = argumentsOf({}, 'tcg', '/vm/a,b');
  expect(valuesOf('-chardev', all)[1]).toBe('socket,id=qmp,path=/vm/a,,b/qmp.sock,server=on,wait=off');
  expect(blockNode('disk', all)).toMatchObject({ file: { filename: '/vm/a,b/disk.qcow2' } });
});

test('a directory in which no socket can be made is refused', () => {
  const long = `/${'d'.repeat(100)}`;
  expect(() => vmFiles(long)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});
