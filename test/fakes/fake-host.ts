import { deviceTag } from '../../src/config/device-path.ts';
import {
  type BlockDevice,
  type BlockDevices,
  type Encryption,
  type EncryptionRequest,
  type FileState,
  type FilesystemRequest,
  type HostFiles,
  type HostPorts,
  type Kernel,
  type KeyState,
  type MappingRequest,
  type MountEntry,
  type MountRequest,
  type Ownership,
  type PartitionChanges,
  type PartitionTable,
} from '../../src/host/ports.ts';

type Node =
  | ({ readonly kind: 'file'; readonly contentBase64: string } & Ownership)
  | ({ readonly kind: 'directory' } & Ownership)
  | { readonly kind: 'link'; readonly target: string };

const sectorBytes = 512;
const root: Ownership = { mode: 0o755, uid: 0, gid: 0 };

/** Files in memory. Links are followed at the end of a path and for whole directories, as far as the tests need it. */
export class FakeFiles implements HostFiles {
  readonly nodes = new Map<string, Node>();
  readonly defaults: ReadonlyMap<string, string> | undefined;
  /** Sizes of allocated files, whose zeros are not kept. */
  readonly allocated = new Map<string, number>();
  readonly #identities = new Map<Node, number>();

  /** @param defaults what the image has in /etc; also what is there at first. */
  constructor(files: Readonly<Record<string, string>>, defaults?: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries({ ...files, ...defaults })) {
      this.nodes.set(path, { kind: 'file', contentBase64: Buffer.from(text).toString('base64'), ...root, mode: 0o644 });
    }
    this.defaults = defaults === undefined ? undefined : new Map(Object.entries(defaults));
  }

  get hasDefaults(): boolean {
    return this.defaults !== undefined;
  }

  async state(path: string): Promise<FileState> {
    const real = this.#follow(path);
    const node = this.nodes.get(real);
    if (node === undefined || node.kind === 'link') return { kind: 'missing' };
    if (node.kind === 'file') return node;
    return { ...node, isEmpty: ![...this.nodes.keys()].some((other) => other.startsWith(`${real}/`)) };
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const node = this.nodes.get(this.#follow(path));
    return node?.kind === 'file' ? Buffer.from(node.contentBase64, 'base64') : undefined;
  }

  async readDefault(path: string): Promise<Uint8Array | undefined> {
    const text = this.defaults?.get(path);
    return text === undefined ? undefined : Buffer.from(text);
  }

  async linkTarget(path: string): Promise<string | undefined> {
    const node = this.nodes.get(path);
    return node?.kind === 'link' ? node.target : undefined;
  }

  async write(path: string, content: Uint8Array, ownership: Ownership): Promise<void> {
    const contentBase64 = Buffer.from(content).toString('base64');
    this.nodes.set(this.#follow(path), { kind: 'file', contentBase64, ...ownership });
  }

  async remove(path: string): Promise<void> {
    this.nodes.delete(path);
  }

  async makeLink(path: string, target: string): Promise<void> {
    this.nodes.set(path, { kind: 'link', target });
  }

  async identity(path: string): Promise<string | undefined> {
    const node = this.nodes.get(path);
    if (node === undefined) return undefined;
    const number = this.#identities.get(node) ?? this.#identities.size + 1;
    this.#identities.set(node, number);
    return String(number);
  }

  async makeHardLink(path: string, target: string): Promise<void> {
    const node = this.nodes.get(target);
    if (node === undefined) throw new Error(`there is nothing at ${target}`);
    this.nodes.set(path, node);
  }

  async ownLink(): Promise<void> {
    // Links in memory have no owner.
  }

  async removeTree(path: string): Promise<void> {
    for (const other of [...this.nodes.keys()])
      if (other === path || other.startsWith(`${path}/`)) this.nodes.delete(other);
  }

  async makeDirectory(path: string, ownership: Ownership): Promise<void> {
    this.nodes.set(this.#follow(path), { kind: 'directory', ...ownership });
  }

  async copyDirectory(from: string, to: string, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
    const target = this.#follow(to);
    for (const [path, node] of [...this.nodes]) {
      if (!path.startsWith(`${from}/`) || node.kind === 'link') continue;
      this.nodes.set(`${target}${path.slice(from.length)}`, { ...node, ...owner });
    }
  }

  async allocate(path: string, sizeBytes: number): Promise<void> {
    this.nodes.set(path, { kind: 'file', contentBase64: '', ...root, mode: 0o600 });
    this.allocated.set(path, sizeBytes);
  }

  async exists(path: string): Promise<boolean> {
    return this.nodes.has(this.#follow(path));
  }

  text(path: string): string | undefined {
    const node = this.nodes.get(this.#follow(path));
    return node?.kind === 'file' ? Buffer.from(node.contentBase64, 'base64').toString() : undefined;
  }

  #follow(path: string): string {
    for (const [link, node] of this.nodes) {
      if (node.kind === 'link' && (path === link || path.startsWith(`${link}/`)))
        return this.#follow(`/${node.target.replace(/^\.\.?\//, '').replace(/^\//, '')}${path.slice(link.length)}`);
    }
    return path;
  }
}

/** A kernel in memory: it knows the settings it was given, and the modules that exist. */
export class FakeKernel implements Kernel {
  name = 'localhost';
  readonly settings: Map<string, string>;
  readonly loaded = new Set<string>();
  readonly mounted: MountEntry[] = [];
  readonly swapped = new Set<string>();
  loadedKeymap: string | undefined;
  readonly #devices: FakeBlockDevices;
  /** Module → the settings it brings. */
  readonly modules: Readonly<Record<string, Readonly<Record<string, string>>>>;

  constructor(
    devices: FakeBlockDevices,
    settings: Readonly<Record<string, string>>,
    modules: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ) {
    this.#devices = devices;
    this.settings = new Map(Object.entries(settings));
    this.modules = modules;
  }

  async hostname(): Promise<string> {
    return this.name;
  }

  async setHostname(name: string): Promise<void> {
    this.name = name;
  }

  async sysctl(name: string): Promise<string | undefined> {
    return this.settings.get(name);
  }

  async setSysctl(name: string, value: string): Promise<void> {
    if (!this.settings.has(name)) throw new Error(`no setting ${name}`);
    // As the kernel shows several numbers.
    this.settings.set(name, value.split(' ').join('\t'));
  }

  async hasModule(name: string): Promise<boolean> {
    return this.loaded.has(name);
  }

  async loadModule(name: string): Promise<void> {
    const settings = this.modules[name];
    if (settings === undefined) throw new Error(`no module ${name}`);
    this.loaded.add(name);
    for (const [setting, value] of Object.entries(settings)) this.settings.set(setting, value);
  }

  async keymap(): Promise<string | undefined> {
    return this.loadedKeymap;
  }

  async loadKeymap(path: string): Promise<void> {
    this.loadedKeymap = path;
  }

  async mounts(): Promise<readonly MountEntry[]> {
    return [...this.mounted];
  }

  async mount({ source, target, type, options }: MountRequest): Promise<void> {
    const flags = options.includes('ro') ? ['ro', 'relatime'] : ['rw', 'relatime'];
    if (options.includes('remount')) {
      const index = this.mounted.findLastIndex((mount) => mount.target === target);
      const present = this.mounted[index];
      if (present !== undefined) this.mounted[index] = { ...present, options: flags };
      return;
    }
    const device = /^(\/dev\/|(PART)?LABEL=)/.test(source) ? await this.#devices.look(source) : undefined;
    if (/^(\/dev\/|(PART)?LABEL=)/.test(source) && device?.signature.kind !== 'filesystem') {
      throw new Error(`wrong fs type on ${source}`);
    }
    this.mounted.push({
      source: device?.path ?? source,
      target,
      type: type === 'auto' ? 'ext4' : type,
      options: flags,
    });
  }

  async unmount(target: string): Promise<void> {
    const index = this.mounted.findLastIndex((mount) => mount.target === target);
    if (index === -1) throw new Error(`${target} is not mounted`);
    const users = [...this.mounted.map((mount) => mount.target), ...this.swapped];
    if (users.some((user) => user.startsWith(`${target}/`))) throw new Error(`${target} is busy`);
    this.mounted.splice(index, 1);
  }

  async swaps(): Promise<readonly string[]> {
    return [...this.swapped];
  }

  async swapOn(path: string): Promise<void> {
    const device = await this.#devices.look(path);
    if (device?.signature.kind !== 'filesystem' || device.signature.type !== 'swap')
      throw new Error(`${path} is no swap`);
    this.swapped.add(device.path);
  }

  async swapOff(path: string): Promise<void> {
    this.swapped.delete(path);
  }

  async memoryBytes(): Promise<number> {
    return 2 ** 31;
  }
}

/** Disks in memory. Partitions appear when a disk is partitioned, arrays when they are made or assembled. */
export class FakeBlockDevices implements BlockDevices {
  readonly devices = new Map<string, BlockDevice>();
  /** Arrays that exist on their members, assembled or not. */
  readonly arrays = new Map<string, BlockDevice>();
  readonly #files: FakeFiles;

  constructor(disks: readonly BlockDevice[], files: FakeFiles) {
    for (const disk of disks) this.devices.set(disk.path, disk);
    this.#files = files;
  }

  async look(device: string): Promise<BlockDevice | undefined> {
    const partitionName = /^PARTLABEL=(.*)$/.exec(deviceTag(device))?.[1];
    if (partitionName !== undefined) return this.#named(partitionName);
    const label = /^LABEL=(.*)$/.exec(device)?.[1];
    if (label !== undefined) {
      return [...this.devices.values()].find(
        ({ signature }) => signature.kind === 'filesystem' && signature.label === label,
      );
    }
    const name = deviceTag(device);
    const byPath = (): BlockDevice | undefined => [...this.devices.values()].find(({ path }) => path === name);
    if (name.startsWith('/dev/')) return this.devices.get(name) ?? byPath();
    return (await this.#files.exists(device)) ? (this.devices.get(device) ?? this.#file(device)) : undefined;
  }

  async mountedBytes(): Promise<undefined> {
    return undefined;
  }

  async partition(device: string, script: string): Promise<void> {
    const disk = this.#known(device);
    const [head = '', ...lines] = script.trim().split('\n');
    const type = head === 'label: gpt' ? 'gpt' : 'mbr';
    const table: PartitionTable = { type, sectorBytes, partitions: [] };
    this.devices.set(device, { ...disk, signature: { kind: 'table', type }, table });
    this.#add(device, lines);
  }

  async changePartitions(device: string, { remove, resize, add }: PartitionChanges): Promise<void> {
    const { table, ...disk } = this.#known(device);
    if (table === undefined) throw new Error('no table');
    for (const number of remove) this.devices.delete(`${device}${number}`);
    const partitions = table.partitions
      .filter(({ number }) => !remove.includes(number))
      .map((entry) => {
        const bytes = resize.find(({ number }) => number === entry.number)?.sizeBytes;
        return bytes === undefined ? entry : { ...entry, sizeSectors: bytes / sectorBytes };
      });
    this.devices.set(device, { ...disk, table: { ...table, partitions } });
    this.#add(device, add.split('\n').filter(Boolean));
  }

  /** Partitions in sfdisk's language, each behind the one before it. */
  #add(device: string, lines: readonly string[]): void {
    const { table, ...disk } = this.#known(device);
    if (table === undefined) throw new Error('no table');
    const partitions = [...table.partitions];
    for (const line of lines) {
      const field = (pattern: RegExp): string | undefined => pattern.exec(line)?.[1];
      const number = Number(field(/^(\d+) :/) ?? partitions.length + 1);
      const start = field(/start=(\d+)MiB/);
      const size = field(/size=(\d+)MiB/);
      const sectors = (mebibytes: string): number => (Number(mebibytes) * 2 ** 20) / sectorBytes;
      const last = partitions.at(-1);
      const next = last === undefined ? 2048 : last.startSector + last.sizeSectors;
      const startSector = start === undefined ? next : sectors(start);
      const sizeSectors = size === undefined ? disk.sizeBytes / sectorBytes - 2048 - startSector : sectors(size);
      const [name, guid] = [field(/name="([^"]*)"/), field(/uuid=([^,]+)/)];
      const type = field(/type=([^,]+)/) ?? '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
      partitions.push({
        ...{ number, startSector, sizeSectors, type },
        ...(name === undefined ? {} : { name }),
        ...(guid === undefined ? {} : { guid }),
      });
      const path = `${device}${number}`;
      const sizeBytes = sizeSectors * sectorBytes;
      this.devices.set(path, { path, sizeBytes, signature: { kind: 'none' }, partOf: { disk: device, number } });
    }
    this.devices.set(device, { ...disk, table: { ...table, partitions } });
  }

  async growPartition(disk: string, number: number): Promise<void> {
    const { table, ...device } = this.#known(disk);
    if (table === undefined) throw new Error('no table');
    const partitions = table.partitions.map((partition) =>
      partition.number === number
        ? { ...partition, sizeSectors: device.sizeBytes / 512 - 2048 - partition.startSector }
        : partition,
    );
    this.devices.set(disk, { ...device, table: { ...table, partitions } });
    const grown = partitions.find((partition) => partition.number === number);
    const part = [...this.devices.values()].find(({ partOf }) => partOf?.disk === disk && partOf.number === number);
    if (part !== undefined) this.devices.set(part.path, { ...part, sizeBytes: (grown?.sizeSectors ?? 0) * 512 });
  }

  async growFilesystem(device: string): Promise<void> {
    const known = this.#known(device);
    this.devices.set(device, { ...known, filesystemBytes: known.sizeBytes });
  }

  async makeFilesystem(device: string, { type, label }: FilesystemRequest): Promise<void> {
    const known = device.startsWith('/dev/') ? this.#known(device) : this.#file(device);
    const signature = { kind: 'filesystem', type, ...(label === undefined ? {} : { label }) } as const;
    const made = { ...known, signature, filesystemBytes: known.sizeBytes };
    this.devices.set(device, made);
    const array = device.replace('/dev/md/', '');
    if (this.arrays.has(array)) this.arrays.set(array, made);
  }

  async createArray({ name, devices }: { readonly name: string; readonly devices: readonly string[] }): Promise<void> {
    for (const device of devices) {
      this.devices.set(device, { ...this.#known(device), signature: { kind: 'raid-member', array: `host:${name}` } });
    }
    const array: BlockDevice = { path: '/dev/md127', sizeBytes: 2 ** 30, signature: { kind: 'none' } };
    this.arrays.set(name, array);
    this.devices.set(`/dev/md/${name}`, array);
  }

  async assembleArray(name: string): Promise<void> {
    const array = this.arrays.get(name);
    if (array === undefined) throw new Error(`no array ${name}`);
    this.devices.set(`/dev/md/${name}`, array);
  }

  #named(partition: string): BlockDevice | undefined {
    for (const { path, table } of this.devices.values()) {
      const number = table?.partitions.find(({ name }) => name === partition)?.number;
      if (number !== undefined) return this.devices.get(`${path}${number}`);
    }
    return undefined;
  }

  /** What is on a device from now on, by whatever name it goes. */
  hold(path: string, signature: BlockDevice['signature']): void {
    for (const known of [this.devices, this.arrays]) {
      for (const [name, device] of known) if (device.path === path) known.set(name, { ...device, signature });
    }
  }

  #file(path: string): BlockDevice {
    return { path, sizeBytes: this.#files.allocated.get(path) ?? 0, signature: { kind: 'none' } };
  }

  #known(path: string): BlockDevice {
    const device = this.devices.get(path);
    if (device === undefined) throw new Error(`no device ${path}`);
    return device;
  }
}

/** Encrypted devices in memory: each opens with the bytes it was made with, and keeps what is in it. */
export class FakeEncryption implements Encryption {
  /** Device → its key and what is in it. */
  readonly volumes = new Map<string, { readonly key: string; readonly content: BlockDevice }>();
  readonly #devices: FakeBlockDevices;
  readonly #files: FakeFiles;

  constructor(devices: FakeBlockDevices, files: FakeFiles) {
    this.#devices = devices;
    this.#files = files;
  }

  async tryKey(device: string, keyPath: string): Promise<KeyState> {
    const volume = this.volumes.get(device);
    if (volume === undefined) return 'no-keys';
    return volume.key === this.#files.text(keyPath) ? 'opens' : 'other-key';
  }

  async encrypt(device: string, keyPath: string, { label, uuid }: EncryptionRequest): Promise<void> {
    const known = [...this.#devices.devices.values()].find(({ path }) => path === device);
    const key = this.#files.text(keyPath);
    if (known === undefined || key === undefined) throw new Error(`no device ${device}, or no key ${keyPath}`);
    const names = { ...(label === undefined ? {} : { label }), ...(uuid === undefined ? {} : { uuid }) };
    this.#devices.hold(device, { kind: 'encrypted', version: '2', ...names });
    this.volumes.set(device, { key, content: { ...known, signature: { kind: 'none' } } });
  }

  async open(device: string, { name, keyPath }: MappingRequest): Promise<void> {
    const volume = this.volumes.get(device);
    if (volume === undefined || volume.key !== this.#files.text(keyPath)) throw new Error(`no key opens ${device}`);
    const path = `/dev/mapper/${name}`;
    this.#devices.devices.set(path, { ...volume.content, path, mappedFrom: device });
  }

  /** What is in open devices stays in them. */
  close(): void {
    for (const [path, mapping] of [...this.#devices.devices]) {
      const volume = mapping.mappedFrom === undefined ? undefined : this.volumes.get(mapping.mappedFrom);
      if (volume === undefined || mapping.mappedFrom === undefined) continue;
      this.volumes.set(mapping.mappedFrom, { ...volume, content: mapping });
      this.#devices.devices.delete(path);
    }
  }
}

export interface FakeHostOptions {
  readonly files?: Readonly<Record<string, string>>;
  /** Absent: the host has no image of its own /etc. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly disks?: readonly BlockDevice[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly modules?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A whole host in memory, which behaves as a real one does where tests look. */
export class FakeHost implements HostPorts {
  readonly files: FakeFiles;
  readonly blockDevices: FakeBlockDevices;
  readonly encryption: FakeEncryption;
  readonly kernel: FakeKernel;

  constructor({ files = {}, defaults, disks = [], settings = {}, modules = {} }: FakeHostOptions = {}) {
    this.files = new FakeFiles(files, defaults);
    this.blockDevices = new FakeBlockDevices(disks, this.files);
    this.encryption = new FakeEncryption(this.blockDevices, this.files);
    this.kernel = new FakeKernel(this.blockDevices, settings, modules);
  }

  /** What a boot does: /etc is the image's again, the kernel knows nothing, arrays are not assembled, encrypted devices not open. */
  reboot(): void {
    for (const path of [...this.files.nodes.keys()]) if (!path.startsWith('/var/')) this.files.nodes.delete(path);
    for (const [path, text] of this.files.defaults ?? [])
      this.files.nodes.set(path, {
        kind: 'file',
        contentBase64: Buffer.from(text).toString('base64'),
        ...root,
        mode: 0o644,
      });
    this.kernel.name = 'localhost';
    this.kernel.loaded.clear();
    this.kernel.mounted.length = 0;
    this.kernel.swapped.clear();
    this.encryption.close();
    for (const name of this.blockDevices.arrays.keys()) this.blockDevices.devices.delete(`/dev/md/${name}`);
  }
}
