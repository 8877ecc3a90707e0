/** What a host can tell about where it runs without asking anybody. Plain JSON data, gathered once. */
export interface HostFacts {
  /** The firmware's description of the machine; names as in /sys/class/dmi/id. */
  readonly dmi: Readonly<Partial<Record<DmiField, string>>>;
  /** SMBIOS type 11. */
  readonly oemStrings: readonly string[];
  /** The kernel command line, as it is. */
  readonly cmdline: string;
  /** Names of QEMU's fw_cfg items below `opt/`. */
  readonly fwCfg: readonly string[];
  readonly blockDevices: readonly BlockDevice[];
  /** Those of the places for seed files that exist. */
  readonly seedFiles: readonly string[];
  /** Names of values that the hypervisor has for this guest: `guestinfo.userdata` (VMware), `vm-data/userdata` (Xen). */
  readonly guestValues: readonly string[];
  /** A hypervisor shows itself. */
  readonly isVirtual: boolean;
}

export const dmiFields = [
  ...(['sys_vendor', 'product_name', 'product_version', 'product_serial', 'product_uuid'] as const),
  ...(['board_vendor', 'board_name', 'board_serial', 'board_version', 'board_asset_tag'] as const),
  ...(['chassis_vendor', 'chassis_serial', 'chassis_version', 'chassis_asset_tag'] as const),
  ...(['bios_vendor', 'bios_version', 'bios_date'] as const),
] as const;
export type DmiField = (typeof dmiFields)[number];

/** A disk or partition with a file system. */
export interface BlockDevice {
  readonly path: string;
  /** The file system's, as blkid names it: `vfat`, `iso9660`. */
  readonly type?: string;
  readonly label?: string;
}

/** The device with this label, whatever its letter case. Pure. */
export function deviceLabelled({ blockDevices }: HostFacts, label: string): BlockDevice | undefined {
  return blockDevices.find((device) => device.label?.toLowerCase() === label);
}

/**
 * The value of a kernel argument; the last one counts, as for the kernel. `name` alone has the value ''. Pure.
 * Double quotes keep blanks together (Documentation/admin-guide/kernel-parameters.rst).
 */
export function kernelArgument(cmdline: string, name: string): string | undefined {
  let found: string | undefined;
  for (const [word] of cmdline.matchAll(/(?:[^\s"]|"[^"]*("|$))+/g)) {
    const argument = word.replaceAll('"', '');
    const equals = argument.indexOf('=');
    const key = equals === -1 ? argument : argument.slice(0, equals);
    // What follows a lone `--` is for init, and not for the kernel: Berth reads it all the same.
    if (key === name) found = equals === -1 ? '' : argument.slice(equals + 1);
  }
  return found;
}
