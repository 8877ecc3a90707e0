import { BerthError } from '../../src/core/errors.ts';
import type { VmFiles } from './vm-files.ts';
import type { Delivery, DiskBus, ExtraDisk, VmArchitecture, VmBoot, VmNetwork, VmNic, VmSpec } from './vm-spec.ts';

/** What carries out the VM's instructions: the processor itself, or QEMU's translator. */
export type Accelerator = 'kvm' | 'tcg';

/** What an architecture's machine is made of. */
export interface VmMachine {
  /** QEMU's program. */
  readonly program: string;
  readonly type: string;
  /** The processor that the translator plays. */
  readonly emulatedCpu: string;
  /** The watchdog, and what it is plugged into. */
  readonly watchdog: readonly string[];
}

/** A machine for each architecture. */
export const machines: Readonly<Record<VmArchitecture, VmMachine>> = {
  amd64: {
    program: 'qemu-system-x86_64',
    type: 'q35',
    emulatedCpu: 'max',
    watchdog: ['-device', 'i6300esb', '-action', 'watchdog=reset'],
  },
  arm64: {
    program: 'qemu-system-aarch64',
    type: 'virt',
    // `max` signs every return address, and the translator takes very long for that.
    emulatedCpu: 'cortex-a57',
    watchdog: ['-device', 'i6300esb', '-action', 'watchdog=reset'],
  },
};

/** The devices of a disk whose block node and id are `node`. */
const buses: Readonly<Record<DiskBus, (node: string) => readonly string[]>> = {
  virtio: (node) => [`virtio-blk-pci,drive=${node}`],
  nvme: (node) => [`nvme,drive=${node}`],
  ahci: (node) => [`ich9-ahci,id=${node}-bus`, `ide-hd,bus=${node}-bus.0,drive=${node}`],
  pvscsi: (node) => [`pvscsi,id=${node}-bus`, `scsi-hd,bus=${node}-bus.0,drive=${node}`],
};

/**
 * QEMU's command line for a VM, without the program. Source: QEMU 7.2 "Invocation". Pure.
 * Throws USAGE when a delivery does not go with the kind of boot.
 */
export function qemuArguments(spec: VmSpec, files: VmFiles, accelerator: Accelerator): string[] {
  const machine = machines[spec.architecture];
  return [
    ...['-name', `berth-${escape(spec.name)}`, '-machine', `${machine.type}${firmwareOptions(spec.boot)}`],
    ...acceleratorArguments(spec.architecture, accelerator),
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMebibytes), '-nodefaults', '-display', 'none'],
    ...consoleArguments(spec, files),
    ...bootArguments(spec, files),
    ...diskArguments(spec, files),
    ...spec.deliveries.flatMap((delivery, index) => deliveryArguments(delivery, files.delivery(index), index)),
    ...networkArguments(spec.network),
    // Behind it, so that the VM's own network device is the first.
    ...spec.deliveries.flatMap((delivery, index) => serviceArguments(delivery, files.delivery(index), index)),
    ...['-device', 'virtio-rng-pci,romfile='],
    ...(spec.watchdog ? machine.watchdog : []),
    ...(spec.clock === undefined ? [] : ['-rtc', `base=${spec.clock}`]),
  ];
}

/** The options for what carries out a VM's instructions. Pure. */
export function acceleratorArguments(architecture: VmArchitecture, accelerator: Accelerator): string[] {
  return accelerator === 'kvm'
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', machines[architecture].emulatedCpu];
}

/** QEMU's options take a comma within a value doubled. */
function escape(value: string): string {
  return value.replaceAll(',', ',,');
}

function consoleArguments({ architecture, secondSerial }: VmSpec, files: VmFiles): string[] {
  const socket = (id: string, path: string) => `socket,id=${id},path=${escape(path)},server=on,wait=off`;
  return [
    ...['-chardev', `${socket('serial', files.serialSocket)},logfile=${escape(files.serialLog)},logappend=on`],
    ...['-serial', 'chardev:serial'],
    ...(secondSerial === true
      ? ['-chardev', socket('serial2', files.secondSerialSocket), '-serial', 'chardev:serial2']
      : []),
    ...['-chardev', socket('qmp', files.qmpSocket), '-mon', 'chardev=qmp,mode=control'],
    // Something to take a picture of.
    ...(architecture === 'amd64' ? ['-device', 'VGA,romfile='] : []),
  ];
}

function firmwareOptions(boot: VmBoot): string {
  if (boot.kind === 'direct') return '';
  return `,pflash0=code,pflash1=variables${boot.isSecure === true ? ',smm=on' : ''}`;
}

function bootArguments({ boot, deliveries }: VmSpec, files: VmFiles): string[] {
  const words = deliveries.flatMap((delivery) => (delivery.kind === 'command-line' ? [delivery.words] : []));
  if (boot.kind === 'direct') {
    const append = [boot.commandLine, ...words].join(' ');
    return ['-kernel', boot.kernel, '-initrd', boot.initrd, '-append', append];
  }
  if (words.length > 0) {
    throw new BerthError('USAGE', 'the kernel of a UEFI boot has its command line inside: nothing can be added to it', {
      hint: 'boot directly, or deliver the config in another way',
    });
  }
  const guard = ['-global', 'driver=cfi.pflash01,property=secure,value=on'];
  return [
    ...(boot.isSecure === true ? guard : []),
    ...blockDevice({ driver: 'raw', 'node-name': 'code', 'read-only': true, file: file(boot.code, 'fast') }),
    ...blockDevice({ driver: 'raw', 'node-name': 'variables', file: file(files.variables, 'flushed') }),
  ];
}

type BlockNode = Readonly<Record<string, unknown>>;

/** In JSON, because paths may hold commas. */
function blockDevice(node: BlockNode): string[] {
  return ['-blockdev', JSON.stringify(node)];
}

function file(filename: string, writes: VmSpec['writes']): BlockNode {
  return { driver: 'file', filename, cache: { 'no-flush': writes === 'fast' }, discard: 'unmap' };
}

function qcow2(filename: string, writes: VmSpec['writes']): BlockNode {
  const cache = { 'no-flush': writes === 'fast' };
  return { driver: 'qcow2', cache, discard: 'unmap', file: file(filename, writes) };
}

function diskArguments({ boot, disk, extraDisks, writes, recordWrites }: VmSpec, files: VmFiles): string[] {
  const image = qcow2(files.disk, writes);
  const recorded = {
    driver: 'blklogwrites',
    file: image,
    log: { driver: 'file', filename: files.writeLog },
    'log-sector-size': 512,
    discard: 'unmap',
  };
  const node = { ...(recordWrites === true ? recorded : image), 'node-name': 'disk' };
  // A direct boot has a first boot device already: the kernel.
  const place = boot.kind === 'uefi' ? ',bootindex=0' : '';
  // Merged requests have up to 1024 pieces; with the two of the log's entry that is more than one write takes (IOV_MAX): EIO.
  const apart = recordWrites === true && disk.bus === 'virtio' ? ',request-merging=off' : '';
  return [
    ...blockDevice(node),
    ...devices(buses[disk.bus]('disk'), `serial=berth-boot${place}${apart}`),
    ...extraDisks.flatMap((extra) => [
      ...blockDevice({ ...extraImage(extra, files, writes), 'node-name': `disk-${extra.name}` }),
      ...devices(buses[extra.bus](`disk-${extra.name}`), `serial=${extra.name}`),
    ]),
  ];
}

function extraImage(disk: ExtraDisk, files: VmFiles, writes: VmSpec['writes']): BlockNode {
  if (!('file' in disk)) return qcow2(files.extraDisk(disk.name), writes);
  return disk.format === 'qcow2' ? qcow2(disk.file, writes) : { driver: 'raw', file: file(disk.file, writes) };
}

/** The last of a bus' devices is the disk. */
function devices(rows: readonly string[], properties: string): string[] {
  return rows.flatMap((row, index) => ['-device', index === rows.length - 1 ? `${row},${properties}` : row]);
}

/** What a delivery is handed over with, as a block device. */
function volume(filename: string, index: number): string[] {
  const node = { driver: 'raw', 'node-name': `delivery-${index}`, 'read-only': true };
  return blockDevice({ ...node, file: { driver: 'file', filename } });
}

function deliveryArguments(delivery: Delivery, path: string, index: number): string[] {
  switch (delivery.kind) {
    case 'nocloud-vfat':
    case 'nocloud-iso':
    case 'config-drive':
      return [
        ...volume(path, index),
        ...['-device', `virtio-blk-pci,drive=delivery-${index},serial=delivery-${index}`],
      ];
    case 'disc':
      return [
        ...volume(path, index),
        ...['-device', `virtio-scsi-pci,id=drive-${index}`],
        ...['-device', `scsi-cd,bus=drive-${index}.0,drive=delivery-${index}`],
      ];
    case 'fw-cfg':
      return ['-fw_cfg', `name=${escape(delivery.name)},file=${escape(path)}`];
    case 'smbios-strings':
      return delivery.strings.flatMap((text) => ['-smbios', `type=11,value=${escape(text)}`]);
    case 'smbios-serial':
      return ['-smbios', `type=1,serial=${escape(delivery.serial)}`];
    case 'metadata-service':
      return delivery.firmware.flatMap(({ type, values }) => {
        const texts = Object.entries(values).map(([name, text]) => `${name}=${escape(text)}`);
        return ['-smbios', [`type=${type}`, ...texts].join(',')];
      });
    case 'command-line':
      return [];
  }
}

/** A network of its own for a metadata service: QEMU starts the program at `path` for each connection. */
function serviceArguments(delivery: Delivery, path: string, index: number): string[] {
  if (delivery.kind !== 'metadata-service') return [];
  const { address } = delivery;
  const net = `${address.split('.').slice(0, 2).join('.')}.0.0/16`;
  const options = `user,id=service-${index},net=${net},restrict=on,guestfwd=tcp:${address}:80-cmd:${escape(path)}`;
  return [
    ...['-netdev', options],
    ...['-device', `virtio-net-pci,romfile=,netdev=service-${index},mac=52:54:00:a9:fe:0${index % 10}`],
  ];
}

/** QEMU's devices for the models. No firmware for booting over the network: it only takes time. */
const nicDevices: Readonly<Record<VmNic['model'], string>> = {
  virtio: 'virtio-net-pci,romfile=',
  vmxnet3: 'vmxnet3,romfile=',
};

function networkArguments(network: VmNetwork): string[] {
  if (network.kind === 'none') return [];
  const { forwards, isolated, ipv6Network, nics } = network;
  const options = [
    'user,id=net',
    ...(isolated === true ? ['restrict=on'] : []),
    ...(ipv6Network === undefined ? [] : [`ipv6-net=${ipv6Network}`]),
    ...forwards.map(({ hostPort, guestPort }) => `hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`),
  ];
  const nat = ['-netdev', options.join(',')];
  if (nics === undefined) return [...nat, '-device', `${nicDevices.virtio},netdev=net`];
  return [
    ...nat,
    ...['-netdev', 'hubport,id=hub-net,hubid=0,netdev=net'],
    ...nics.flatMap(({ model, macAddress }, index) => [
      ...['-netdev', `hubport,id=hub-${index},hubid=${index === 0 ? 0 : 1}`],
      ...['-device', `${nicDevices[model]},id=nic-${index},netdev=hub-${index},mac=${macAddress}`],
    ]),
  ];
}
