/** Machine architectures that a VM can have, by Debian's names. */
export type VmArchitecture = 'amd64' | 'arm64';

/** How a disk is connected. */
export type DiskBus = 'virtio' | 'nvme' | 'ahci' | 'pvscsi';

/** How the machine gets from power-on to the kernel. */
export type VmBoot =
  /** UEFI firmware, as on a server; the boot loader is on the disk. */
  | {
      readonly kind: 'uefi';
      readonly code: string;
      /** What the VM's own variables begin as. */
      readonly variables: string;
      /** The firmware is one that enforces Secure Boot: it needs a processor mode that guards its variables. */
      readonly isSecure?: boolean;
    }
  /** QEMU loads kernel and initrd itself: quicker, but nothing of the boot loader is tested. */
  | { readonly kind: 'direct'; readonly kernel: string; readonly initrd: string; readonly commandLine: string };

/** What a platform tells a new instance. */
export interface Seed {
  readonly instanceId: string;
  readonly hostname?: string;
  /** The user's config, byte for byte. */
  readonly userData: string;
  /** The platform's own config; the user's goes over it. */
  readonly vendorData?: string;
  /** SSH keys for the default user. */
  readonly publicKeys?: readonly string[];
  /** netplan or cloud-init version 1; a config drive takes OpenStack's network_data.json. */
  readonly networkConfig?: string;
}

/** A way by which a config reaches the machine. A spec may have several, or none. */
export type Delivery =
  /** A vfat disk labelled `cidata`: cloud-init's NoCloud. */
  | { readonly kind: 'nocloud-vfat'; readonly seed: Seed }
  /** The same as an ISO 9660 disk. */
  | { readonly kind: 'nocloud-iso'; readonly seed: Seed }
  /** OpenStack's config drive: an ISO 9660 disk labelled `config-2`. */
  | { readonly kind: 'config-drive'; readonly seed: Seed }
  /** A disc in a SCSI drive, from an image file that stays as it is. */
  | { readonly kind: 'disc'; readonly image: string }
  /** A file of QEMU's firmware configuration; names begin with `opt/`. */
  | { readonly kind: 'fw-cfg'; readonly name: string; readonly text: string }
  /** SMBIOS type 11: OEM strings. */
  | { readonly kind: 'smbios-strings'; readonly strings: readonly string[] }
  /** SMBIOS type 1: the system's serial number, `ds=nocloud;s=URL`. */
  | { readonly kind: 'smbios-serial'; readonly serial: string }
  /** A cloud's metadata service, and firmware that names the cloud. */
  | {
      readonly kind: 'metadata-service';
      /** SMBIOS structures by QEMU's names: type 1 has `manufacturer` and `product`, type 3 has `asset`. */
      readonly firmware: readonly { readonly type: number; readonly values: Readonly<Record<string, string>> }[];
      /** Where the guest finds it: IPv4, port 80, on the /16 network of a device of its own. */
      readonly address: string;
      /** The port of this machine's loopback that it is at. */
      readonly port: number;
    }
  /** Words on the kernel's command line; only with a direct boot. */
  | { readonly kind: 'command-line'; readonly words: string };

/** A port of this machine's loopback that leads into the VM. */
export interface PortForward {
  readonly hostPort: number;
  readonly guestPort: number;
}

/** A network device of a VM. */
export interface VmNic {
  /** What the guest has a driver for. */
  readonly model: 'virtio' | 'vmxnet3';
  /** Lower case with colons. */
  readonly macAddress: string;
}

/** The VM's network. */
export type VmNetwork =
  | { readonly kind: 'none' }
  /** QEMU's own NAT with DHCP, DNS, and IPv6 by router advertisements. */
  | {
      readonly kind: 'user';
      readonly forwards: readonly PortForward[];
      /** Nothing gets out, only the forwards get in. */
      readonly isolated?: boolean;
      /**
       * The first on a hub with the NAT, the others on a hub of their own: the NAT answers whatever it hears, also what is
       * for somebody else. Absent: one virtio device on the NAT itself. Names for QEMU's monitor (`set_link`): `net` is the
       * NAT, without which its hub is still a network; `nic-0` is the first device.
       */
      readonly nics?: readonly VmNic[];
      /** With prefix length; absent: QEMU's own, which is site-local. */
      readonly ipv6Network?: string;
    };

/** The disk that the VM boots from: its own changes over an image that stays as it is. */
export interface VmDisk {
  readonly base: string;
  readonly baseFormat: 'raw' | 'qcow2';
  readonly sizeBytes: number;
  readonly bus: DiskBus;
}

/** A further disk. */
export type ExtraDisk = MadeDisk | GivenDisk;

/** A further disk that is made and removed with the VM. */
export interface MadeDisk {
  /** Letters, digits and dashes: its file, and its serial number in the VM. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly bus: DiskBus;
  /** A raw image that is on it at first, and stays as it is; absent: it is empty. */
  readonly base?: string;
}

/** A further disk that is somebody's file: the VM reads and writes it. */
export interface GivenDisk {
  /** Letters, digits and dashes: its serial number in the VM. */
  readonly name: string;
  readonly bus: DiskBus;
  /** Path. */
  readonly file: string;
  readonly format: 'raw' | 'qcow2';
}

/** A virtual machine, wholly described: the same spec gives the same QEMU command line. */
export interface VmSpec {
  readonly name: string;
  readonly architecture: VmArchitecture;
  readonly memoryMebibytes: number;
  readonly cpus: number;
  readonly boot: VmBoot;
  readonly disk: VmDisk;
  readonly extraDisks: readonly ExtraDisk[];
  readonly deliveries: readonly Delivery[];
  readonly network: VmNetwork;
  /** An i6300esb; when nobody feeds it, it resets the machine. */
  readonly watchdog: boolean;
  /** What its hardware clock shows at its start: `2000-01-01T00:00:00`, UTC; absent: the time. */
  readonly clock?: string;
  /** `flushed`: what the guest flushed survives a power cut of this machine, too. `fast`: for tests. */
  readonly writes: 'flushed' | 'fast';
  /** A second serial port (ttyS1) behind a socket of its own, where console messages do not come between. */
  readonly secondSerial?: boolean;
  /** Records every write to the boot disk, to be replayed up to a power cut (`power-cut.ts`). */
  readonly recordWrites?: boolean;
}
