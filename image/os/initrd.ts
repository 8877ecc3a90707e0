import { readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import type { ElfFile } from '../elf.ts';
import { readElf } from '../elf.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { moduleOrder } from './modules.ts';
import type { KernelFlavour } from './packages.ts';

/**
 * Drivers in the initrd, in tiers: the second is loaded only when the first brings no disk with our system, because each
 * module costs time (its signature is checked). First: what /usr is made of, watchdogs, the disks of most virtual machines.
 */
export type ModuleTiers = readonly [first: readonly string[], second: readonly string[]];

const firstTier: readonly string[] = [
  // The generic kernel has CRC-32C as a module, which erofs' library asks for by name: no dependency says so.
  ...['i6300esb', 'crc32c_generic', 'dm-mod', 'dm-verity', 'erofs', 'overlay'],
  ...['virtio_pci', 'virtio_blk', 'nvme'],
];

const secondTier: readonly string[] = [
  ...['virtio_mmio', 'virtio_scsi', 'sd_mod', 'ahci', 'hv_vmbus', 'hv_storvsc', 'vmw_pvscsi', 'xen-blkfront'],
  // Only where no hardware watchdog was found: the script looks.
  'softdog',
];

/** What the generic kernel has as modules for real hardware. */
const hardwareTier: readonly string[] = [
  ...['ata_piix', 'megaraid_sas', 'mpt3sas', 'mpi3mr', 'aacraid', 'smartpqi', 'hpsa', 'mptsas', 'mptspi', 'vmd'],
  ...['usb-storage', 'uas', 'xhci-pci', 'ehci-pci', 'sdhci-pci', 'sdhci-acpi', 'mmc_block'],
];

/** Hardware watchdogs of real machines: loaded first, so that a hang in a disk driver is a restart. */
const hardwareWatchdogs: readonly string[] = ['iTCO_wdt', 'sp5100_tco'];

/** The drivers for a kernel. Pure. */
export function moduleTiers(flavour: KernelFlavour): ModuleTiers {
  return flavour === 'cloud'
    ? [firstTier, secondTier]
    : [
        [...hardwareWatchdogs, ...firstTier],
        [...secondTier, ...hardwareTier],
      ];
}

/** Options that modules are loaded with: the watchdogs bite after a minute. */
const moduleOptions: Readonly<Record<string, string>> = { i6300esb: 'heartbeat=60', iTCO_wdt: 'heartbeat=60' };

const applets: readonly string[] = [
  ...[
    'cat',
    'chmod',
    'cut',
    'dd',
    'insmod',
    'ln',
    'mkdir',
    'mount',
    'printf',
    'reboot',
    'sed',
    'sh',
    'sha256sum',
    'sleep',
  ],
  ...['switch_root', 'usleep'],
];

export interface InitrdSources {
  /** Tree with the OS' own /usr. */
  readonly root: string;
  readonly triplet: string;
  readonly kernelRelease: string;
  /** Text of modules.dep. */
  readonly dependencies: string;
  readonly modules: ModuleTiers;
  /** Gives a module's bytes, uncompressed; by its path in modules.dep. */
  readonly readModule: (path: string) => Promise<Buffer>;
  /** The script /init. */
  readonly init: Buffer;
}

/** The initrd, not compressed. Throws CONFIG_INVALID when a program's library is missing. */
export async function buildInitrd(sources: InitrdSources): Promise<Buffer> {
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'lib', 'lib64', 'modules', 'proc', 'run', 'sys', 'system'].map(
      (path): CpioEntry => ({ kind: 'directory', path }),
    ),
    // The kernel opens it for us before anything is mounted.
    { kind: 'device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'file', path: 'init', data: sources.init, executable: true },
    {
      kind: 'file',
      path: 'bin/busybox',
      data: await readFile(join(sources.root, 'usr/bin/busybox')),
      executable: true,
    },
    ...applets.map((name): CpioEntry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    ...(await programWithLibraries(sources, 'usr/sbin/dmsetup')),
    ...(await moduleEntries(sources)),
  ];
  return writeCpio(entries);
}

async function programWithLibraries({ root, triplet }: InitrdSources, program: string): Promise<CpioEntry[]> {
  const data = await readFile(join(root, program));
  const entries = new Map<string, CpioEntry>();
  const add = (path: string, content: Buffer) =>
    entries.set(path, { kind: 'file', path, data: content, executable: true });
  add(`bin/${basename(program)}`, data);
  const queue: (ElfFile | undefined)[] = [readElf(data)];
  for (let elf = queue.pop(); elf !== undefined; elf = queue.pop()) {
    for (const name of elf.needed) {
      if (entries.has(`lib/${name}`)) continue;
      const library = await readFile(join(root, 'usr/lib', triplet, name)).catch((cause: unknown) => {
        throw new BerthError('CONFIG_INVALID', `${program} needs ${name}, which the image does not have`, { cause });
      });
      add(`lib/${name}`, library);
      queue.push(readElf(library));
    }
    if (elf.interpreter !== undefined) {
      // It is named with its directory, which is not /lib everywhere.
      const path = elf.interpreter.slice(1);
      add(path, await readFile(join(root, 'usr/lib', triplet, posix.basename(path))));
    }
  }
  return [...entries.values()];
}

async function moduleEntries(sources: InitrdSources): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  const done = new Set<string>();
  for (const [tier, wanted] of sources.modules.entries()) {
    const { order, missing } = moduleOrder(sources.dependencies, wanted);
    if (missing.includes('dm-verity') || missing.includes('erofs')) {
      throw new BerthError('CONFIG_INVALID', 'the kernel package has no dm-verity or erofs module');
    }
    const lines: string[] = [];
    for (const path of order.filter((one) => !done.has(one))) {
      done.add(path);
      const file = posix.basename(path).replace(/\.(xz|zst|gz)$/, '');
      const name = file.replace(/\.ko$/, '');
      entries.push({ kind: 'file', path: `modules/${file}`, data: await sources.readModule(path), executable: false });
      if (name !== 'softdog') lines.push([file, moduleOptions[name]].filter(Boolean).join(' '));
    }
    const list = Buffer.from(`${lines.join('\n')}\n`);
    entries.push({ kind: 'file', path: `modules/order.${tier + 1}`, data: list, executable: false });
  }
  return entries;
}
