import { spec20 } from './spec-2-0.ts';
import { int, list, natural, type SpecTable, struct, text } from './spec-table.ts';

/** Ignition's version 1 (2015): files stand in their file system, and the version is a number at the top. */
export const spec1: SpecTable = {
  ...spec20,
  config: {
    ignitionVersion: int,
    storage: struct('storage'),
    systemd: struct('systemd'),
    networkd: struct('networkd'),
    passwd: struct('passwd'),
  },
  storage: { disks: list('disk'), raid: list('raid'), filesystems: list('filesystem') },
  filesystem: { device: text, format: text, create: struct('create'), files: list('file') },
  file: { path: text, contents: text, mode: natural, uid: int, gid: int },
};
