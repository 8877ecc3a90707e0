import type { RemoteContent } from './remote-content.ts';

/** Disks besides the system's own. What is destroyed by it happens on the first apply only, or by name. */
export interface StorageConfig {
  readonly disks: readonly DiskConfig[];
  readonly raid: readonly RaidConfig[];
  readonly luks?: readonly LuksConfig[];
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
  /** `keep`: partitions that are not declared stay. Absent: the disk has the declared ones, and no others. */
  readonly others?: 'keep';
}

export interface PartitionConfig {
  /** A share of the disk, a number of bytes, or all that is left. */
  readonly size:
    | { readonly kind: 'percent'; readonly percent: number }
    | { readonly kind: 'bytes'; readonly bytes: number }
    | { readonly kind: 'rest' };
  /** sfdisk(8)'s word, GUID or hexadecimal code: `linux`, `swap`, `fd`. Absent: `linux`, and any other will do. */
  readonly type?: string;
  /** The partition's name; GPT only. */
  readonly label?: string;
  /** Its number in the table; absent: the first one that is free. */
  readonly number?: number;
  /** Where it begins on the disk; absent: behind the one before it. */
  readonly startBytes?: number;
  /** A GUID of its own, in small letters; GPT only. */
  readonly guid?: string;
  /**
   * What becomes of a partition that is there and is not as declared, where others are kept: `replace`: it goes, and what is
   * on it; `resize`: when only its size differs, it gets the declared one. Absent: nothing.
   */
  readonly otherwise?: readonly ('replace' | 'resize')[];
  /** True: there is to be no partition of this number. */
  readonly isAbsent?: boolean;
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

/** A device encrypted with LUKS2: what is in it is /dev/mapper/NAME. */
export interface LuksConfig {
  readonly name: string;
  /** Path of the partition, disk or array that is encrypted. */
  readonly device: string;
  readonly key: LuksKey;
  readonly label?: string;
  readonly uuid?: string;
  /** Further options of `cryptsetup luksFormat`. */
  readonly options: readonly string[];
  /** Further options of `cryptsetup open`. */
  readonly openOptions: readonly string[];
  /** True: the device below is told which blocks are free, and so is whoever looks at it. */
  readonly discard: boolean;
  /** True: what else is on the device may be lost. */
  readonly overwrite: boolean;
}

/** What opens an encrypted device. The host keeps it, so that it can open the device at every boot. */
export type LuksKey =
  /** Secret. */
  | { readonly kind: 'given'; readonly contentBase64: string }
  | { readonly kind: 'remote'; readonly remote: RemoteContent }
  /** Made on the host; nobody else has it. */
  | { readonly kind: 'random' };

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
