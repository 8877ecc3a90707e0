import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bakedDirectory } from './baked.ts';
import { parseBlockDevices } from './block-devices.ts';
import { readBoundedFile } from './bounded-file.ts';
import { fwCfgDirectory } from './fw-cfg.ts';
import { type BlockDevice, type DmiField, dmiFields, type HostFacts } from './host-facts.ts';
import { HostGuestValues } from './hypervisor/host-guest-values.ts';
import { noCloudDirectories } from './nocloud.ts';
import type { RunTool } from './run-tool.ts';
import { oemStringsOf } from './smbios-table.ts';

const maxTableBytes = 2 ** 20;

/** Gathers what this host tells about itself. What cannot be read is left out: it then matches nothing. `root` is for tests. */
export async function readHostFacts(run: RunTool, signal: AbortSignal, root = '/'): Promise<HostFacts> {
  const [dmi, table, cmdline, fwCfg, blockDevices, seedFiles, processor] = await Promise.all([
    readDmi(root),
    readBoundedFile(root, '/sys/firmware/dmi/tables/DMI', maxTableBytes).catch(() => undefined),
    readFile(join(root, '/proc/cmdline'), 'utf8').catch(() => ''),
    listItems(join(root, fwCfgDirectory), 'opt'),
    listBlockDevices(run, signal),
    existing(root),
    readFile(join(root, '/proc/cpuinfo'), 'utf8').catch(() => ''),
  ]);
  signal.throwIfAborted();
  const oemStrings = table === undefined ? [] : oemStringsOf(table);
  // Processors of ARM do not tell: there the machine's maker does.
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(processor) || /QEMU|KVM|Xen/.test(dmi.sys_vendor ?? '');
  const guestValues = await new HostGuestValues(run, root).names({ dmi }, signal);
  return { dmi, oemStrings, cmdline: cmdline.trim(), fwCfg, blockDevices, seedFiles, guestValues, isVirtual };
}

/** Disks and partitions with a file system, as they are now. */
export async function listBlockDevices(run: RunTool, signal: AbortSignal): Promise<BlockDevice[]> {
  // It fails when there is nothing to tell.
  return parseBlockDevices(await run('blkid', ['-c', '/dev/null', '-o', 'export'], signal).catch(() => ''));
}

async function readDmi(root: string): Promise<HostFacts['dmi']> {
  const fields = dmiFields.map(async (field): Promise<[DmiField, string]> => {
    const text = await readFile(join(root, '/sys/class/dmi/id', field), 'utf8').catch(() => '');
    return [field, text.trim()];
  });
  return Object.fromEntries((await Promise.all(fields)).filter(([, value]) => value !== ''));
}

/** An item is a link to a directory with a file `raw`; its name has slashes, each a directory. */
async function listItems(base: string, name: string): Promise<string[]> {
  const entries = await readdir(join(base, name), { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.name === 'raw')) return [name];
  const below = entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => listItems(base, `${name}/${entry.name}`));
  return (await Promise.all(below)).flat().toSorted();
}

async function existing(root: string): Promise<string[]> {
  const paths = [...noCloudDirectories, bakedDirectory].flatMap((directory) =>
    ['user-data', 'meta-data', 'vendor-data', 'network-config'].map((name) => `${directory}/${name}`),
  );
  const found = await Promise.all(
    paths.map((path) =>
      access(join(root, path)).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return found.filter((path) => path !== undefined);
}
