/** The device of a disk's partition, as the kernel and udev name it. */
export function partitionPath(disk: string, number: number): string {
  if (disk.startsWith('/dev/disk/')) return `${disk}-part${number}`;
  return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
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
