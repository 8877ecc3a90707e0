import { copyFile, mkdir, open, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../command.ts';
import { type Architecture, architectures, diskLayout, loaderConfig, sfdiskScript, ukiName } from './layout.ts';
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
}

/** Puts a disk image together in `file`: sparse, slot B and the state partition are empty. `work`: for intermediate files. */
export async function buildDisk(parts: DiskParts, file: string, work: string, tools: Tools): Promise<void> {
  const layout = diskLayout(parts.architecture);
  const esp = join(work, 'esp.img');
  const place = (name: string) => layout.partitions.find((partition) => partition.name === name);
  await buildEsp(parts, esp, place('berth-esp')?.sizeBytes ?? 0, tools);
  await writeFile(file, '');
  await truncate(file, layout.sizeBytes);
  await writeFile(join(work, 'sfdisk'), sfdiskScript(layout));
  await runWithInput(tools, file, join(work, 'sfdisk'));
  await copyInto(esp, file, place('berth-esp')?.startBytes ?? 0);
  await copyInto(parts.slot.file, file, place('berth-a')?.startBytes ?? 0);
}

async function buildEsp(parts: DiskParts, esp: string, sizeBytes: number, tools: Tools): Promise<void> {
  const { efi } = architectures[parts.architecture];
  const tree = join(dirname(esp), 'esp');
  const files = [
    [parts.bootLoader, `EFI/BOOT/BOOT${efi.toUpperCase()}.EFI`],
    [parts.uki, `EFI/Linux/${ukiName(parts.version)}`],
  ] as const;
  for (const [source, target] of files) {
    await mkdir(dirname(join(tree, target)), { recursive: true });
    await copyFile(source, join(tree, target));
  }
  await mkdir(join(tree, 'loader'), { recursive: true });
  await writeFile(join(tree, 'loader/loader.conf'), loaderConfig);
  await writeFile(esp, '');
  await truncate(esp, sizeBytes);
  const environment = { SOURCE_DATE_EPOCH: String(parts.epochSeconds), TZ: 'UTC' };
  await tools.run('mkfs.vfat', ['--invariant', '-F', '32', '-n', 'BERTH-ESP', '-i', 'BE278001', esp], { environment });
  const targets = ['EFI', 'loader'];
  for (const [, target] of files) await utimes(join(tree, target), parts.epochSeconds, parts.epochSeconds);
  await utimes(join(tree, 'loader/loader.conf'), parts.epochSeconds, parts.epochSeconds);
  await tools.run('mcopy', ['-s', '-m', '-i', esp, ...targets.map((name) => join(tree, name)), '::'], { environment });
}

async function runWithInput(tools: Tools, disk: string, script: string): Promise<void> {
  const input = await open(script);
  try {
    await tools.run('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', disk], { input: input.fd });
  } finally {
    await input.close();
  }
}

async function copyInto(from: string, disk: string, offsetBytes: number): Promise<void> {
  await runCommand('dd', [
    `if=${from}`,
    `of=${disk}`,
    'bs=1M',
    `seek=${offsetBytes / 2 ** 20}`,
    'conv=notrunc,sparse',
    'status=none',
  ]);
}
