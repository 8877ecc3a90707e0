import { readPeSections } from '../../src/boot/pe-sections.ts';
import { BerthError } from '../../src/core/errors.ts';
import { appendPeSections } from './pe.ts';

/** What a Unified Kernel Image is made of. Source: UAPI Group specification "Unified Kernel Image (UKI)". */
export interface UkiParts {
  /** Text of os-release: systemd-boot sorts by it. */
  readonly osRelease: string;
  readonly commandLine: string;
  /** Kernel release, `uname -r`. */
  readonly kernelRelease: string;
  readonly initrd: Buffer;
  readonly kernel: Buffer;
}

/** Puts the parts behind systemd's stub. The same parts give the same bytes. Pure. */
export function buildUki(stub: Buffer, parts: UkiParts): Buffer {
  return appendPeSections(stub, [
    { name: '.osrel', data: Buffer.from(parts.osRelease) },
    { name: '.cmdline', data: Buffer.from(parts.commandLine) },
    { name: '.uname', data: Buffer.from(parts.kernelRelease) },
    { name: '.initrd', data: parts.initrd },
    { name: '.linux', data: parts.kernel },
  ]);
}

/** Takes a UKI apart. Throws CONFIG_INVALID when it is none. Pure. */
export function readUki(file: Buffer): UkiParts {
  const sections = new Map(readPeSections(file).map(({ name, data }) => [name, data]));
  const part = (name: string): Buffer => {
    const data = sections.get(name);
    if (data === undefined)
      throw new BerthError('CONFIG_INVALID', `this is no unified kernel image: it has no ${name}`);
    return data;
  };
  return {
    osRelease: part('.osrel').toString(),
    commandLine: part('.cmdline').toString().replace(/\0+$/, ''),
    kernelRelease: part('.uname').toString().replace(/\0+$/, ''),
    initrd: part('.initrd'),
    kernel: part('.linux'),
  };
}
