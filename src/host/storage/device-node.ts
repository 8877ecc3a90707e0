import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { mapperPath, partitionPath } from '../../config/device-path.ts';
import type { BlockDevice } from '../ports.ts';
import { type DiskIdentity, diskLinks } from './disk-links.ts';

/** Path of a device without links; undefined when there is none. What device-mapper makes goes by its name there. */
export async function realDevice(name: string): Promise<string | undefined> {
  const path = (await realpath(name).catch(() => undefined)) ?? (await diskByLink(name));
  return path === undefined ? undefined : await devicePathOf(path);
}

/** The disk, or its partition, of a name that udev would have made a link for. */
async function diskByLink(name: string): Promise<string | undefined> {
  const [, link, number] = /^\/dev\/disk\/(.+?)(?:-part(\d+))?$/.exec(name) ?? [];
  if (link === undefined) return undefined;
  for (const disk of await readdir('/sys/block').catch(() => [])) {
    if (diskLinks(disk, await identityOf(join('/sys/block', disk))).includes(link))
      return await existing(number === undefined ? `/dev/${disk}` : partitionPath(`/dev/${disk}`, Number(number)));
  }
  return undefined;
}

async function existing(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined);
}

async function identityOf(sys: string): Promise<DiskIdentity> {
  const directory = await realpath(sys).catch(() => sys);
  const [toPort, port] = /^.*\/(ata\d+)\//.exec(directory) ?? [];
  const text = async (...files: readonly string[]): Promise<string | undefined> => {
    for (const file of files) {
      const content = (await readFile(resolve(sys, file), 'utf8').catch(() => '')).replaceAll('\0', '').trim();
      if (content !== '') return content;
    }
    return undefined;
  };
  const [serial, wwid, model, namespace] = [
    await text('serial', 'device/serial'),
    await text('wwid', 'device/wwid'),
    await text('device/model'),
    await text('nsid'),
  ];
  const ataPort = port === undefined ? undefined : await text(`${toPort}ata_port/${port}/port_no`);
  const hypervId = await hypervIdOf(directory);
  return {
    directory,
    ...(serial === undefined ? {} : { serial }),
    ...(wwid === undefined ? {} : { wwid }),
    ...(model === undefined ? {} : { model }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(ataPort === undefined ? {} : { ataPort }),
    ...(hypervId === undefined ? {} : { hypervId }),
  };
}

/** Of the nearest device above that has one. */
async function hypervIdOf(directory: string): Promise<string | undefined> {
  for (let above = directory; above.startsWith('/sys/devices/'); above = dirname(above)) {
    const id = await readFile(join(above, 'device_id'), 'utf8').catch(() => undefined);
    if (id !== undefined) return id.trim();
  }
  return undefined;
}

/** `/dev/mapper/NAME` for `/dev/dm-0`, as mount(8) has it; other paths stay. */
export async function devicePathOf(path: string): Promise<string> {
  if (!/^\/dev\/dm-\d+$/.test(path)) return path;
  const name = await readFile(join('/sys/class/block', basename(path), 'dm/name'), 'utf8').catch(() => undefined);
  return name === undefined ? path : mapperPath(name.trim());
}

/** Where /sys has a device, by its number as stat(2) has it: a node may have any name. */
export function sysDirectory(device: number): string {
  // makedev(3): the major number in bits 8 to 19, the minor one around it.
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return `/sys/dev/block/${major}:${minor}`;
}

export async function numberIn(path: string, otherwise: number): Promise<number> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? otherwise : Number(text.trim());
}

/** Where /sys says a partition belongs. */
export async function parentOf(sys: string): Promise<BlockDevice['partOf']> {
  const number = await numberIn(join(sys, 'partition'), 0);
  if (number === 0) return undefined;
  const disk = join('/dev', basename(dirname(await realpath(sys))));
  return { disk, number };
}

/** The device below one of device-mapper; undefined for others, and where there are several. */
export async function deviceBelow(sys: string): Promise<string | undefined> {
  const isMapped = (await readFile(join(sys, 'dm/name'), 'utf8').catch(() => undefined)) !== undefined;
  const [below, ...others] = isMapped ? await readdir(join(sys, 'slaves')).catch(() => []) : [];
  return below === undefined || others.length > 0 ? undefined : await devicePathOf(join('/dev', below));
}
