import type { IgnitionConfig2, Mount2, Storage2 } from './model-2.ts';

/** An Ignition config of version 1; what was left out is absent. */
export interface IgnitionConfig1 extends Pick<IgnitionConfig2, 'networkd' | 'passwd' | 'systemd'> {
  readonly ignitionVersion?: number;
  readonly storage?: Storage1;
}

export interface Storage1 extends Pick<Storage2, 'disks' | 'raid'> {
  readonly filesystems?: readonly Filesystem1[];
}

export interface Filesystem1 extends Pick<Mount2, 'device' | 'format' | 'create'> {
  readonly files?: readonly File1[];
}

/** `contents` is the text itself. */
export interface File1 {
  readonly path?: string;
  readonly contents?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
