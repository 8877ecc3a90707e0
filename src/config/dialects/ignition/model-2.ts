import type { Dropin, NetworkdUnit, Owner } from './model.ts';

/** An Ignition config of version 2; what was left out is absent. */
export interface IgnitionConfig2 {
  readonly ignition?: IgnitionSection2;
  readonly networkd?: { readonly units?: readonly NetworkdUnit[] };
  readonly passwd?: { readonly users?: readonly User2[]; readonly groups?: readonly Group2[] };
  readonly storage?: Storage2;
  readonly systemd?: { readonly units?: readonly Unit2[] };
}

export interface IgnitionSection2 {
  readonly version?: string;
  readonly config?: { readonly append?: readonly Resource2[]; readonly replace?: Resource2 };
  readonly proxy?: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: readonly string[] };
  readonly security?: { readonly tls?: { readonly certificateAuthorities?: readonly Resource2[] } };
  readonly timeouts?: { readonly httpResponseHeaders?: number; readonly httpTotal?: number };
}

export interface Resource2 {
  readonly source?: string;
  readonly compression?: string;
  readonly httpHeaders?: readonly { readonly name?: string; readonly value?: string }[];
  readonly verification?: { readonly hash?: string };
}

export interface Storage2 {
  readonly disks?: readonly Disk2[];
  readonly raid?: readonly Raid2[];
  readonly filesystems?: readonly Filesystem2[];
  readonly files?: readonly File2[];
  readonly directories?: readonly Directory2[];
  readonly links?: readonly Link2[];
}

export interface Disk2 {
  readonly device?: string;
  readonly wipeTable?: boolean;
  readonly partitions?: readonly Partition2[];
}

/** `size` and `start` count sectors of 512 bytes. */
export interface Partition2 {
  readonly label?: string;
  readonly number?: number;
  readonly size?: number;
  readonly start?: number;
  readonly sizeMiB?: number;
  readonly startMiB?: number;
  readonly typeGuid?: string;
  readonly guid?: string;
  readonly wipePartitionEntry?: boolean;
  readonly shouldExist?: boolean;
}

export interface Raid2 {
  readonly name?: string;
  readonly level?: string;
  readonly devices?: readonly string[];
  readonly spares?: number;
  readonly options?: readonly string[];
}

export interface Filesystem2 {
  readonly name?: string;
  readonly mount?: Mount2;
  readonly path?: string;
}

export interface Mount2 {
  readonly device?: string;
  readonly format?: string;
  readonly create?: { readonly force?: boolean; readonly options?: readonly string[] };
  readonly label?: string;
  readonly uuid?: string;
  readonly options?: readonly string[];
  readonly wipeFilesystem?: boolean;
}

export interface Node2 {
  readonly filesystem?: string;
  readonly path?: string;
  readonly overwrite?: boolean;
  readonly user?: Owner;
  readonly group?: Owner;
}

export interface File2 extends Node2 {
  readonly contents?: Resource2;
  readonly append?: boolean;
  readonly mode?: number;
}

export interface Directory2 extends Node2 {
  readonly mode?: number;
}

export interface Link2 extends Node2 {
  readonly target?: string;
  readonly hard?: boolean;
}

export interface Unit2 {
  readonly name?: string;
  readonly enable?: boolean;
  readonly enabled?: boolean;
  readonly mask?: boolean;
  readonly contents?: string;
  readonly dropins?: readonly Dropin[];
}

export interface UserCreate2 {
  readonly uid?: number;
  readonly gecos?: string;
  readonly homeDir?: string;
  readonly noCreateHome?: boolean;
  readonly primaryGroup?: string;
  readonly groups?: readonly string[];
  readonly noUserGroup?: boolean;
  readonly noLogInit?: boolean;
  readonly shell?: string;
  readonly system?: boolean;
}

export interface User2 extends UserCreate2 {
  readonly name?: string;
  readonly passwordHash?: string;
  readonly sshAuthorizedKeys?: readonly string[];
  readonly create?: UserCreate2;
}

export interface Group2 {
  readonly name?: string;
  readonly gid?: number;
  readonly passwordHash?: string;
  readonly system?: boolean;
}
