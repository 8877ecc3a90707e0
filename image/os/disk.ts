import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import {
  type Architecture,
  architectures,
  type DiskLayout,
  diskLayout,
  loaderConfig,
  sfdiskScript,
  ukiName,
} from './layout.ts';
import type { SlotImage } from './slot.ts';
import type { Tools } from './tools.ts';

export interface DiskParts {
  readonly architecture: Architecture;
  readonly version: string;
  readonly epochSeconds: number;
  readonly slot: SlotImage;
  readonly uki: string;
  /** systemd-boot. */
  readonly bootLoader: string;
  /** systemd-boot offers them to a firmware that has no keys yet, and in a virtual machine it takes them in by itself. */
  readonly keys?: FirmwareKeys;
}

/** Files with the contents of UEFI's variables for Secure Boot, as they are written to a firmware. */
export type FirmwareKeys = Readonly<Record<'db' | 'KEK' | 'PK', string>>;

const keysDirectory = 'loader/keys/auto';

/** Puts a disk image together in `file`: sparse, slot B and the state partition are empty. `work`: for intermediate files. */
export async function buildDisk(parts: DiskParts, file: string, work: string, tools: Tools): Promise<void> {
  const layout = diskLayout(parts.architecture);
  const esp = join(work, 'esp.img');
  const place = (name: string) => layout.partitions.find((partition) => partition.name === name);
  await buildEsp(parts, esp, place('berth-esp')?.sizeBytes ?? 0, tools);
  await makePartitions(layout, file, work, tools);
  await copyInto(esp, file, place('berth-esp')?.startBytes ?? 0);
  await copyInto(parts.slot.file, file, place('berth-a')?.startBytes ?? 0);
}

async function buildEsp(parts: DiskParts, esp: string, sizeBytes: number, tools: Tools): Promise<void> {
  const { efi } = architectures[parts.architecture];
  await writeFile(`${esp}.loader.conf`, loaderConfig);
  const keys = Object.entries(parts.keys ?? {});
  const directories = ['EFI', 'EFI/BOOT', 'EFI/Linux', 'loader'];
  // systemd-boot's name for keys that may be taken in without asking.
  if (keys.length > 0) directories.push('loader/keys', keysDirectory);
  // One by one: copying a directory takes its files in the order in which this machine happens to list them.
  const files = [
    [parts.bootLoader, `EFI/BOOT/BOOT${efi.toUpperCase()}.EFI`],
    [parts.uki, `EFI/Linux/${ukiName(parts.version)}`],
    [`${esp}.loader.conf`, 'loader/loader.conf'],
    ...keys.map(([name, file]): [string, string] => [file, `${keysDirectory}/${name}.auth`]),
  ] as const;
  await writeFile(esp, '');
  await truncate(esp, sizeBytes);
  // mkfs.vfat and mtools take all their time stamps from it.
  const environment = { SOURCE_DATE_EPOCH: String(parts.epochSeconds), TZ: 'UTC' };
  await tools.run('mkfs.vfat', ['--invariant', '-F', '32', '-n', 'BERTH-ESP', '-i', 'BE278001', esp], { environment });
  await tools.run('mmd', ['-i', esp, ...directories.map((path) => `::/${path}`)], { environment });
  for (const [source, target] of files) {
    await tools.run('mcopy', ['-i', esp, source, `::/${target}`], { environment });
  }
}

/** Makes the empty, sparse disk `file`. `work`: for an intermediate file. */
export async function makePartitions(layout: DiskLayout, file: string, work: string, tools: Tools): Promise<void> {
  await writeFile(file, '');
  await truncate(file, layout.sizeBytes);
  const script = join(work, 'sfdisk');
  await writeFile(script, sfdiskScript(layout));
  const input = await open(script);
  try {
    await tools.run('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', file], { input: input.fd });
  } finally {
    await input.close();
  }
}

/** Copies a file into a disk; what is zero is left out. */
export async function copyInto(from: string, disk: string, offsetBytes: number): Promise<void> {
  await runCommand('dd', [
    `if=${from}`,
    `of=${disk}`,
    'bs=1M',
    `seek=${offsetBytes / 2 ** 20}`,
    'conv=notrunc,sparse',
    'status=none',
  ]);
}
