import type { KernelArguments } from '../boot/kernel-arguments.ts';
import type { FetchConfig } from '../config/host-config.ts';
import type { RemoteContent } from '../config/remote-content.ts';
import type { HttpWay } from '../datasource/http-way.ts';
import type { TaskRunner } from './commands/task-state.ts';

/** What is at a path; a link is followed, and never leads out of the root. */
export type FileState =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'file';
      readonly contentBase64: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly kind: 'directory';
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly isEmpty: boolean;
    }
  /** A device, socket or pipe. */
  | { readonly kind: 'other' };

export interface Ownership {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type OwnerNumbers = Pick<Ownership, 'uid' | 'gid'>;

/** The files of a host, which may be a tree below some directory. Every path is absolute within it. */
export interface HostFiles {
  state(path: string): Promise<FileState>;
  /** Content of the file at a path, undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Content that the image has at a path of /etc, whatever was made of it since; undefined when there is none. */
  readDefault(path: string): Promise<Uint8Array | undefined>;
  /** False when the image's own /etc is not to be had apart from the present one. */
  readonly hasDefaults: boolean;
  /** Target of the link at a path; undefined when it is no link. */
  linkTarget(path: string): Promise<string | undefined>;
  /** What a path is the same file as another one by: device and inode; undefined when there is nothing. */
  identity(path: string): Promise<string | undefined>;
  /**
   * Replaces a file in one step, making the directories above it.
   * @param parents who owns those that are made; absent: root.
   */
  write(path: string, content: Uint8Array, ownership: Ownership, parents?: OwnerNumbers): Promise<void>;
  /** Removes a file or link; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /** Makes a link, in the place of a file, a link or an empty directory. */
  makeLink(path: string, target: string): Promise<void>;
  /** Makes another name for the file at `target`, which is a path of this host. */
  makeHardLink(path: string, target: string): Promise<void>;
  /** Changes the owner of the link at a path, not of what it leads to. */
  ownLink(path: string, owner: { readonly uid: number; readonly gid: number }): Promise<void>;
  /** Removes whatever is at a path, with all that is below it; a link is not followed. */
  removeTree(path: string): Promise<void>;
  /** Makes a directory with the ones above it, or changes one. */
  makeDirectory(path: string, ownership: Ownership): Promise<void>;
  /** Copies what is in a directory, owned by somebody; files that are there stay. */
  copyDirectory(from: string, to: string, owner: { readonly uid: number; readonly gid: number }): Promise<void>;
  /** Makes a file of zeros that takes its whole space on the disk. */
  allocate(path: string, sizeBytes: number, signal: AbortSignal): Promise<void>;
  exists(path: string): Promise<boolean>;
}

export interface CommandRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs programs of the host. */
export interface HostCommands {
  /** Resolves when the program ended, whatever its exit code. Throws UNSUPPORTED when there is no such program. */
  run(request: CommandRequest): Promise<CommandResult>;
}

/** One mount, as the kernel lists it. */
export interface MountEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** Options of the mount itself: `rw`, `noexec`. */
  readonly options: readonly string[];
}

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The running kernel; there is none behind a directory tree. */
export interface Kernel {
  hostname(): Promise<string>;
  setHostname(name: string): Promise<void>;
  /** undefined when the kernel has no such setting. */
  sysctl(name: string): Promise<string | undefined>;
  setSysctl(name: string, value: string): Promise<void>;
  /** True when a module is loaded or built in. */
  hasModule(name: string): Promise<boolean>;
  loadModule(name: string): Promise<void>;
  /** File of the keymap that was loaded since the boot; undefined: the consoles have the kernel's own. */
  keymap(): Promise<string | undefined>;
  /** Gives all consoles the keymap in a file. */
  loadKeymap(path: string): Promise<void>;
  mounts(): Promise<readonly MountEntry[]>;
  mount(request: MountRequest): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Paths of the files and devices that are swapped to. */
  swaps(): Promise<readonly string[]>;
  swapOn(path: string, options: readonly string[]): Promise<void>;
  swapOff(path: string): Promise<void>;
  memoryBytes(): Promise<number>;
}

/** What the first bytes of a device say it holds. */
export type Signature =
  | { readonly kind: 'none' }
  | { readonly kind: 'filesystem'; readonly type: string; readonly label?: string; readonly uuid?: string }
  | { readonly kind: 'table'; readonly type: string }
  | { readonly kind: 'raid-member'; readonly array?: string }
  /** LUKS. */
  | { readonly kind: 'encrypted'; readonly version: string; readonly label?: string; readonly uuid?: string }
  /** More than one, or one that is not known. */
  | { readonly kind: 'unclear'; readonly what: string };

export interface PartitionEntry {
  readonly number: number;
  readonly startSector: number;
  readonly sizeSectors: number;
  /** As in the table: a GUID or a hexadecimal code. */
  readonly type: string;
  readonly name?: string;
  readonly guid?: string;
}

export interface PartitionTable {
  readonly type: 'gpt' | 'mbr' | 'other';
  readonly sectorBytes: number;
  readonly partitions: readonly PartitionEntry[];
}

export interface BlockDevice {
  /** Path without links: `/dev/vdb1`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly signature: Signature;
  readonly table?: PartitionTable;
  /** Bytes that a file system on it takes, where that is known. */
  readonly filesystemBytes?: number;
  /** The disk a partition is on, its number and, in a GPT, its name there. */
  readonly partOf?: { readonly disk: string; readonly number: number; readonly name?: string };
  /** The device below one that is made with device-mapper. */
  readonly mappedFrom?: string;
}

/** Disks and what is on them. Devices may also be ordinary files. */
export interface BlockDevices {
  /** Looks at a device, by path, `LABEL=` or `UUID=`; undefined when there is none. */
  look(device: string): Promise<BlockDevice | undefined>;
  /** Bytes that a mounted XFS takes: what is on the device says so only after a while. */
  mountedBytes(mountPoint: string): Promise<number | undefined>;
  partition(device: string, script: string, signal: AbortSignal): Promise<void>;
  /** Takes partitions away, gives others another size, and adds some; the rest of the table stays. */
  changePartitions(device: string, changes: PartitionChanges, signal: AbortSignal): Promise<void>;
  growPartition(disk: string, number: number, signal: AbortSignal): Promise<void>;
  growFilesystem(device: string, type: string, mountPoint: string | undefined, signal: AbortSignal): Promise<void>;
  makeFilesystem(device: string, request: FilesystemRequest, signal: AbortSignal): Promise<void>;
  createArray(request: ArrayRequest, signal: AbortSignal): Promise<void>;
  assembleArray(name: string, devices: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface PartitionChanges {
  readonly remove: readonly number[];
  /** `sizeBytes` absent: up to what comes next on the disk. */
  readonly resize: readonly { readonly number: number; readonly sizeBytes?: number }[];
  /** In sfdisk(8)'s language; empty for none. */
  readonly add: string;
}

export interface FilesystemRequest {
  readonly type: string;
  readonly label?: string;
  readonly options: readonly string[];
}

export interface ArrayRequest {
  readonly name: string;
  readonly level: string;
  readonly devices: readonly string[];
  readonly spares: number;
  readonly options: readonly string[];
}

/** How content is fetched. */
export interface FetchTerms extends FetchConfig {
  readonly way?: HttpWay;
}

/** What opens a device: the key; nothing, because it has no key at all; or another one. */
export type KeyState = 'opens' | 'no-keys' | 'other-key';

/** Encrypted devices (LUKS2). Keys are in files, so that they are in no list of processes. */
export interface Encryption {
  /** Tries a key on an encrypted device. */
  tryKey(device: string, keyPath: string): Promise<KeyState>;
  /** Writes over what is on the device. */
  encrypt(device: string, keyPath: string, request: EncryptionRequest, signal: AbortSignal): Promise<void>;
  open(device: string, request: MappingRequest, signal: AbortSignal): Promise<void>;
}

export interface EncryptionRequest {
  readonly name: string;
  readonly label?: string;
  readonly uuid?: string;
  readonly options: readonly string[];
  /** True: nobody can guess the key, however fast a guess is. */
  readonly hasRandomKey: boolean;
}

export interface MappingRequest {
  readonly name: string;
  readonly keyPath: string;
  readonly discard: boolean;
  readonly options: readonly string[];
}

/** Gets content from servers. */
export interface ContentFetcher {
  /** The content, unpacked and verified. Throws FETCH_FAILED, retryable when another try may help. */
  fetch(content: RemoteContent, terms: FetchTerms, signal: AbortSignal): Promise<Uint8Array>;
}

/** Everything outside that host resources look at and change. */
export interface HostPorts {
  readonly files: HostFiles;
  readonly blockDevices: BlockDevices;
  readonly encryption: Encryption;
  /** Absent for a directory tree: then only its files are set up. */
  readonly kernel?: Kernel;
  /** Absent for a directory tree: nothing is run there. */
  readonly tasks?: TaskRunner;
  /** Absent where Berth does not say what boots. */
  readonly kernelArguments?: KernelArguments;
  /** Absent: nothing is fetched. */
  readonly fetcher?: ContentFetcher;
}
