import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { installPackages } from '../../src/engine/binaries.ts';
import { machines } from './qemu-arguments.ts';
import type { VmArchitecture, VmBoot } from './vm-spec.ts';

/** A program that a VM needs, and Debian's package with it. */
interface Requirement {
  readonly program: string;
  readonly package: string;
}

const common: readonly Requirement[] = [
  { program: 'qemu-img', package: 'qemu-utils' },
  { program: 'mkfs.vfat', package: 'dosfstools' },
  { program: 'mcopy', package: 'mtools' },
  { program: 'xorriso', package: 'xorriso' },
  { program: 'ssh', package: 'openssh-client' },
];

type Firmware = Pick<Extract<VmBoot, { kind: 'uefi' }>, 'code' | 'variables'>;

/** Where distributions put UEFI firmware. */
const firmwares: Readonly<Record<VmArchitecture, readonly Firmware[]>> = {
  amd64: [
    { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
    { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
    { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  ],
  arm64: [
    { code: '/usr/share/AAVMF/AAVMF_CODE.fd', variables: '/usr/share/AAVMF/AAVMF_VARS.fd' },
    {
      code: '/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw',
      variables: '/usr/share/edk2/aarch64/vars-template-pflash.raw',
    },
  ],
};

/** The same for firmware that enforces Secure Boot, with variables that hold no keys. */
const secureFirmwares: Readonly<Record<VmArchitecture, readonly Firmware[]>> = {
  amd64: [
    { code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
    { code: '/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
    { code: '/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  ],
  arm64: [],
};

const packages: Readonly<Record<VmArchitecture, { readonly qemu: string; readonly firmware: string }>> = {
  amd64: { qemu: 'qemu-system-x86', firmware: 'ovmf' },
  arm64: { qemu: 'qemu-system-arm', firmware: 'qemu-efi-aarch64' },
};

/** The machine's UEFI firmware. Throws UNSUPPORTED when there is none. */
export function findFirmware(architecture: VmArchitecture): Firmware {
  const found = firmwares[architecture].find(({ code, variables }) => existsSync(code) && existsSync(variables));
  if (found !== undefined) return found;
  throw new BerthError('UNSUPPORTED', 'this machine has no UEFI firmware for VMs', {
    hint: `install Debian's package ${packages[architecture].firmware}`,
  });
}

/**
 * A firmware that enforces Secure Boot, without any key yet: it boots everything until it has taken some in, as it does from
 * a signed image. Throws UNSUPPORTED when there is none.
 */
export function findSecureFirmware(architecture: VmArchitecture): Extract<VmBoot, { kind: 'uefi' }> {
  const found = secureFirmwares[architecture].find(({ code, variables }) => existsSync(code) && existsSync(variables));
  if (found !== undefined) return { kind: 'uefi', isSecure: true, ...found };
  if (secureFirmwares[architecture].length === 0)
    throw new BerthError('UNSUPPORTED', `no firmware for ${architecture} VMs is known here that enforces Secure Boot`);
  throw new BerthError('UNSUPPORTED', 'this machine has no UEFI firmware for VMs that enforces Secure Boot', {
    hint: `install Debian's package ${packages[architecture].firmware}`,
  });
}

/** Debian packages whose programs are missing here, for VMs of an architecture. */
export function missingPackages(architecture: VmArchitecture, path: string): string[] {
  const directories = [...path.split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const has = (program: string): boolean => directories.some((directory) => existsSync(join(directory, program)));
  const { qemu, firmware } = packages[architecture];
  const programs = [{ program: machines[architecture].program, package: qemu }, ...common];
  return [
    ...programs.filter(({ program }) => !has(program)).map((row) => row.package),
    ...(firmwares[architecture].some(({ code }) => existsSync(code)) ? [] : [firmware]),
  ];
}

/** Makes sure of QEMU and what goes with it. Throws UNSUPPORTED when something is missing and cannot be installed. */
export async function ensureVmPrograms(
  architecture: VmArchitecture,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const missing = missingPackages(architecture, process.env['PATH'] ?? '');
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new BerthError('UNSUPPORTED', `to run a VM, this machine lacks: ${list}`, {
      hint: `as root: apt-get install ${list}`,
    });
  }
  onProgress(`installing ${list}`);
  try {
    await installPackages(missing, signal);
  } catch (cause) {
    throw new BerthError('UNSUPPORTED', `cannot install ${list}`, {
      cause,
      retryable: true,
      hint: `apt-get install ${list}`,
    });
  }
}
