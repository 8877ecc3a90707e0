/** The device of a disk's partition, as the kernel and udev name it. */
export function partitionPath(disk: string, number: number): string {
  if (disk.startsWith('/dev/disk/')) return `${disk}-part${number}`;
  return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}

/** The device of what is in an encrypted one. */
export const mapperPath = (name: string): string => `/dev/mapper/${name}`;

/** Directories of udev's links → how mount(8) and blkid(8) call the same. */
const tags: readonly (readonly [directory: string, prefix: string])[] = [
  ['/dev/disk/by-label/', 'LABEL='],
  ['/dev/disk/by-uuid/', 'UUID='],
  ['/dev/disk/by-partlabel/', 'PARTLABEL='],
  ['/dev/disk/by-partuuid/', 'PARTUUID='],
  ['/dev/disk/by-id/dm-name-', mapperPath('')],
];

/** A device by a name that needs no udev, which Berth has none of: `PARTLABEL=data` for `/dev/disk/by-partlabel/data`. */
export function deviceTag(name: string): string {
  const tag = tags.find(([directory]) => name.startsWith(directory));
  if (tag === undefined) return name;
  // udev writes what may not be in a file name as \xNN.
  const bytes = name.slice(tag[0].length).replace(/\\x([0-9a-f]{2})/gi, (_all, digits: string) => `%${digits}`);
  return `${tag[1]}${decoded(bytes)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** True for a name that only a cloud provider gives a meaning: `ephemeral0`, `swap`, `root`. */
function providerDevice(name: string): boolean {
  return /^(ephemeral|swap|ami|root)\d*(\.\d+)?$/.test(name);
}

/** A device as mount(8) takes it: a bare kernel name is below /dev, as in cloud-init; `NAME.2` is an alias' partition. */
export function devicePath(name: string, aliases: Readonly<Record<string, string>>): string | undefined {
  const [base = name, number] = name.split('.');
  const alias = aliases[name] ?? aliases[base];
  if (alias !== undefined)
    return aliases[name] === undefined && number !== undefined ? partitionPath(alias, Number(number)) : alias;
  if (name === '' || providerDevice(name)) return undefined;
  return /^(sd|hd|vd|xvd|nvme|mmcblk|md|dm-|disk\/)/.test(name) ? `/dev/${name}` : name;
}
