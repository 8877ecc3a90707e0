/** Disks besides the system's own. What is destroyed by it happens on the first apply only, or by name. */
export interface StorageConfig {
  readonly disks: readonly DiskConfig[];
  readonly raid: readonly RaidConfig[];
  readonly filesystems: readonly FilesystemConfig[];
  /** Partitions (devices or mount points) that grow to the space behind them, with their file systems. */
  readonly grow: readonly string[];
}

export interface DiskConfig {
  /** Path of the whole disk. */
  readonly device: string;
  readonly table: 'gpt' | 'mbr';
  readonly partitions: readonly PartitionConfig[];
  /** True: what is on the disk may be lost. */
  readonly overwrite: boolean;
}

export interface PartitionConfig {
  /** A share of the disk, a number of bytes, or all that is left. */
  readonly size:
    | { readonly kind: 'percent'; readonly percent: number }
    | { readonly kind: 'bytes'; readonly bytes: number }
    | { readonly kind: 'rest' };
  /** sfdisk(8)'s word, GUID or hexadecimal code: `linux`, `swap`, `fd`. */
  readonly type: string;
  /** The partition's name; GPT only. */
  readonly label?: string;
}

/** A Linux software RAID: the device is /dev/md/NAME. */
export interface RaidConfig {
  readonly name: string;
  readonly level: '0' | '1' | '4' | '5' | '6' | '10';
  readonly devices: readonly string[];
  /** How many of the devices stand by. */
  readonly spares: number;
  /** Further options of `mdadm --create`. */
  readonly options: readonly string[];
  readonly overwrite: boolean;
}

export interface FilesystemConfig {
  /** Path of the partition or disk it is made on. */
  readonly device: string;
  /** `ext4`, `xfs`, `vfat`, `swap`, … */
  readonly type: string;
  readonly label?: string;
  /** Further options of mkfs. */
  readonly options: readonly string[];
  /** True: another file system on the device may be lost. */
  readonly overwrite: boolean;
  /** Types of file systems that may be lost without `overwrite`. */
  readonly replaces: readonly string[];
}
