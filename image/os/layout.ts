/** Machine architectures that an image can be built for, by Debian's names. */
export type Architecture = 'amd64' | 'arm64';

/** Names by which an architecture's parts go. */
export interface ArchitectureNames {
  /** Node's and npm's. */
  readonly node: string;
  /** GNU triplet of library directories. */
  readonly triplet: string;
  /** In the names of EFI programs. */
  readonly efi: string;
  /** Serial console of its cloud and virtual machines. */
  readonly serial: string;
  /** Discoverable Partitions Specification: type of the partition that holds /usr. */
  readonly usrType: string;
}

/** All architectures. */
export const architectures: Readonly<Record<Architecture, ArchitectureNames>> = {
  amd64: {
    node: 'x64',
    triplet: 'x86_64-linux-gnu',
    efi: 'x64',
    serial: 'ttyS0,115200',
    usrType: '8484680C-9521-48C6-9C11-B0720656F69E',
  },
  arm64: {
    node: 'arm64',
    triplet: 'aarch64-linux-gnu',
    efi: 'aa64',
    serial: 'ttyAMA0,115200',
    usrType: 'B0E01050-EE5F-4390-949A-9101B17104E9',
  },
};

const mebibyte = 2 ** 20;

/** A partition of the disk. */
export interface Partition {
  readonly name: 'berth-esp' | 'berth-a' | 'berth-b' | 'berth-state';
  /** GPT partition type. Sources: UEFI specification 5.3.3, UAPI Group "Discoverable Partitions Specification". */
  readonly type: string;
  /** Fixed: the same in every image, so that builds are reproducible. */
  readonly id: string;
  readonly startBytes: number;
  readonly sizeBytes: number;
}

/** The disk as it is shipped; the state partition grows to the end of the real disk at boot. */
export interface DiskLayout {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly partitions: readonly Partition[];
}

/** Sizes in bytes; multiples of 1 MiB. */
const sizes: Readonly<Record<Partition['name'], number>> = {
  // Three UKIs of under 30 MB (two slots and one being staged), and the user's own add-ons.
  'berth-esp': 256 * mebibyte,
  'berth-a': 640 * mebibyte,
  'berth-b': 640 * mebibyte,
  // mkfs.xfs refuses less than 300 MB.
  'berth-state': 512 * mebibyte,
};

const ids: Readonly<Record<Partition['name'], string>> = {
  'berth-esp': 'BE278000-0000-4000-8000-000000000001',
  'berth-a': 'BE278000-0000-4000-8000-00000000000A',
  'berth-b': 'BE278000-0000-4000-8000-00000000000B',
  'berth-state': 'BE278000-0000-4000-8000-0000000000F0',
};

/** Bytes a slot has room for: /usr and its hash tree. */
export const slotBytes = sizes['berth-a'];

/** Where everything lies on the disk. Pure. */
export function diskLayout(architecture: Architecture): DiskLayout {
  const types: Readonly<Record<Partition['name'], string>> = {
    'berth-esp': 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
    'berth-a': architectures[architecture].usrType,
    'berth-b': architectures[architecture].usrType,
    'berth-state': '4D21B016-B534-45C2-A9FB-5C16E091FD2D',
  };
  const partitions: Partition[] = [];
  let startBytes = mebibyte;
  for (const name of ['berth-esp', 'berth-a', 'berth-b', 'berth-state'] as const) {
    partitions.push({ name, type: types[name], id: ids[name], startBytes, sizeBytes: sizes[name] });
    startBytes += sizes[name];
  }
  // The last MiB holds the backup of the partition table.
  return { diskId: 'BE278000-0000-4000-8000-000000000000', sizeBytes: startBytes + mebibyte, partitions };
}

/** The partition table in sfdisk's words. Pure. */
export function sfdiskScript({ diskId, partitions }: DiskLayout): string {
  const sector = 512;
  const rows = partitions.map(
    ({ startBytes, sizeBytes, type, id, name }) =>
      `start=${startBytes / sector}, size=${sizeBytes / sector}, type=${type}, uuid=${id}, name="${name}"`,
  );
  return ['label: gpt', `label-id: ${diskId}`, `sector-size: ${sector}`, ...rows, ''].join('\n');
}

/** Names, versions and texts that a release carries. */
export interface Release {
  readonly version: string;
  readonly architecture: Architecture;
}

/** /usr/lib/os-release: os-release(5). systemd-boot sorts its entries by VERSION_ID, then IMAGE_VERSION. Pure. */
export function osRelease({ version, architecture }: Release): string {
  return [
    'NAME=Berth',
    'ID=berth',
    `PRETTY_NAME="Berth ${version}"`,
    `VERSION_ID=${version}`,
    'IMAGE_ID=berth',
    `IMAGE_VERSION=${version}`,
    `ARCHITECTURE=${architecture}`,
    '',
  ].join('\n');
}

/** What dm-verity must know besides the partition. */
export interface VerityFacts {
  /** sha256, hex: the top of the hash tree. */
  readonly rootHash: string;
  /** Blocks of 4096 bytes with data; the hash tree's superblock is the next one. */
  readonly dataBlocks: number;
}

/**
 * The kernel's command line. `berth.usr` holds all that /usr is verified with; console messages go to the screen and to the
 * serial port, /dev/console is the serial port. Pure.
 */
export function kernelCommandLine(architecture: Architecture, { rootHash, dataBlocks }: VerityFacts): string {
  return [
    `berth.usr=${rootHash}:${dataBlocks}`,
    'console=tty0',
    `console=${architectures[architecture].serial}`,
    'loglevel=4',
    'panic=10',
    // Always, they take a tenth of a small host's memory: programs that want them ask.
    'transparent_hugepage=madvise',
  ].join(' ');
}

/** loader.conf of systemd-boot. No `default`: that would go round the boot counter. */
export const loaderConfig = 'timeout 0\nconsole-mode keep\neditor no\n';

/** A release's file in EFI/Linux without a boot counter: blessed. Pure. */
export function ukiName(version: string): string {
  return `berth_${version}.efi`;
}
