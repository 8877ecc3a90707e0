/** An Ignition config in the words of the newest specification; what was left out is absent. */
export interface IgnitionConfig {
  readonly ignition?: IgnitionSection;
  readonly kernelArguments?: { readonly shouldExist?: readonly string[]; readonly shouldNotExist?: readonly string[] };
  readonly passwd?: { readonly users?: readonly User[]; readonly groups?: readonly Group[] };
  readonly storage?: Storage;
  readonly systemd?: { readonly units?: readonly Unit[] };
  /** Of configs of version 2 only. */
  readonly networkd?: { readonly units?: readonly NetworkdUnit[] };
}

export interface IgnitionSection {
  readonly version?: string;
  readonly config?: { readonly merge?: readonly Resource[]; readonly replace?: Resource };
  readonly proxy?: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: readonly string[] };
  readonly security?: { readonly tls?: { readonly certificateAuthorities?: readonly Resource[] } };
  /** Seconds. */
  readonly timeouts?: { readonly httpResponseHeaders?: number; readonly httpTotal?: number };
}

/** Bytes that are somewhere. */
export interface Resource {
  readonly source?: string;
  readonly compression?: string;
  readonly httpHeaders?: readonly { readonly name?: string; readonly value?: string }[];
  readonly verification?: { readonly hash?: string };
}

export interface Storage {
  readonly disks?: readonly Disk[];
  readonly raid?: readonly Raid[];
  readonly filesystems?: readonly Filesystem[];
  readonly luks?: readonly Luks[];
  readonly files?: readonly File[];
  readonly directories?: readonly Directory[];
  readonly links?: readonly Link[];
}

export interface Disk {
  readonly device?: string;
  readonly wipeTable?: boolean;
  readonly partitions?: readonly Partition[];
}

export interface Partition {
  readonly label?: string;
  readonly number?: number;
  readonly sizeMiB?: number;
  readonly startMiB?: number;
  readonly typeGuid?: string;
  readonly guid?: string;
  readonly wipePartitionEntry?: boolean;
  readonly shouldExist?: boolean;
  readonly resize?: boolean;
}

export interface Raid {
  readonly name?: string;
  readonly level?: string;
  readonly devices?: readonly string[];
  readonly spares?: number;
  readonly options?: readonly string[];
}

export interface Filesystem {
  readonly device?: string;
  readonly format?: string;
  readonly path?: string;
  readonly wipeFilesystem?: boolean;
  readonly label?: string;
  readonly uuid?: string;
  readonly options?: readonly string[];
  readonly mountOptions?: readonly string[];
}

export interface Luks {
  readonly name?: string;
  readonly device?: string;
  readonly keyFile?: Resource;
  readonly label?: string;
  readonly uuid?: string;
  readonly options?: readonly string[];
  readonly openOptions?: readonly string[];
  readonly discard?: boolean;
  readonly wipeVolume?: boolean;
  readonly clevis?: Clevis;
  readonly cex?: { readonly enabled?: boolean };
}

export interface Clevis {
  readonly tang?: readonly Tang[];
  readonly tpm2?: boolean;
  readonly threshold?: number;
  readonly custom?: { readonly pin?: string; readonly config?: string; readonly needsNetwork?: boolean };
}

export interface Tang {
  readonly url?: string;
  readonly thumbprint?: string;
  readonly advertisement?: string;
}

export interface Owner {
  readonly id?: number;
  readonly name?: string;
}

/** What files, directories and links have in common. */
export interface Node {
  readonly path?: string;
  readonly overwrite?: boolean;
  readonly user?: Owner;
  readonly group?: Owner;
}

export interface File extends Node {
  readonly contents?: Resource;
  readonly append?: readonly Resource[];
  readonly mode?: number;
}

export interface Directory extends Node {
  readonly mode?: number;
}

export interface Link extends Node {
  readonly target?: string;
  readonly hard?: boolean;
}

export interface Unit {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly mask?: boolean;
  readonly contents?: string;
  readonly dropins?: readonly Dropin[];
}

export interface Dropin {
  readonly name?: string;
  readonly contents?: string;
}

export interface NetworkdUnit {
  readonly name?: string;
  readonly contents?: string;
  readonly dropins?: readonly Dropin[];
}

export interface User {
  readonly name?: string;
  readonly passwordHash?: string;
  readonly sshAuthorizedKeys?: readonly string[];
  readonly uid?: number;
  readonly gecos?: string;
  readonly homeDir?: string;
  readonly noCreateHome?: boolean;
  readonly primaryGroup?: string;
  readonly groups?: readonly string[];
  readonly noUserGroup?: boolean;
  readonly noLogInit?: boolean;
  readonly shell?: string;
  readonly shouldExist?: boolean;
  readonly system?: boolean;
}

export interface Group {
  readonly name?: string;
  readonly gid?: number;
  readonly passwordHash?: string;
  readonly shouldExist?: boolean;
  readonly system?: boolean;
}
