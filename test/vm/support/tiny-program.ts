import { osRelease } from '../../../image/os/layout.ts';
import { appendPeSections } from '../../../image/os/pe.ts';
import type { PeSection } from '../../../src/boot/pe-sections.ts';

/** What a tiny program does once it has said its name. Numbers: UEFI specification 8.5.1, EFI_RESET_TYPE. */
const resetTypes = { restart: 0, 'power-off': 2 } as const;

export interface TinyProgram {
  /** What it says on the first serial port, in a line `tiny: NAME`. Latin letters. */
  readonly name: string;
  /** By which the boot loader sorts. */
  readonly version: string;
  readonly then?: keyof typeof resetTypes;
  /** As long as a kernel image: so many bytes where the kernel would be. */
  readonly padding?: number;
}

/**
 * A program that the boot loader takes for a unified kernel image, and that has no kernel: it says its name and switches the
 * machine off, or restarts it. The same program gives the same bytes. Pure.
 */
export function tinyProgram({ name, version, then = 'power-off', padding = 0 }: TinyProgram): Buffer {
  const sections: PeSection[] = [
    { name: '.osrel', data: Buffer.from(osRelease({ version, architecture: 'amd64' })) },
    ...(padding === 0 ? [] : [{ name: '.linux', data: Buffer.alloc(padding, name) }]),
  ];
  return appendPeSections(emptyProgram(machineCode(`\r\ntiny: ${name}\r\n`, resetTypes[then])), sections);
}

/** EFI's entry point, Microsoft's calling convention for x86-64: the system table is in rdx. */
function machineCode(text: string, resetType: number): Buffer {
  const reset = Buffer.alloc(4);
  reset.writeUInt32LE(resetType);
  const code = Buffer.concat([
    Buffer.from([0x48, 0x89, 0xd3]), //                    mov rbx, rdx
    Buffer.from([0x48, 0x8d, 0x35, 0x26, 0, 0, 0]), //     lea rsi, [rip + 38]: the text, behind the code
    Buffer.from([0x66, 0xba, 0xf8, 0x03]), //              mov dx, 0x3f8: the first serial port
    Buffer.from([0xac, 0x84, 0xc0]), //                    lodsb; test al, al
    Buffer.from([0x74, 0x03]), //                          jz +3
    Buffer.from([0xee, 0xeb, 0xf8]), //                    out dx, al; jmp -8
    Buffer.from([0x48, 0x8b, 0x43, 0x58]), //              mov rax, [rbx + 88]: runtime services
    Buffer.from([0xb9, ...reset]), //                      mov ecx, resetType
    Buffer.from([0x31, 0xd2, 0x45, 0x31, 0xc0]), //        xor edx, edx; xor r8d, r8d
    Buffer.from([0x45, 0x31, 0xc9]), //                    xor r9d, r9d
    Buffer.from([0x48, 0x83, 0xec, 0x28]), //              sub rsp, 40: the callee's home space, aligned
    Buffer.from([0xff, 0x50, 0x68]), //                    call [rax + 104]: ResetSystem
    Buffer.from([0xeb, 0xfe]), //                          jmp -2
  ]);
  return Buffer.concat([code, Buffer.from(`${text}\0`, 'latin1')]);
}

const pe = 0x40;
const optional = pe + 24;
const optionalBytes = 240;
/** Room for the sections that are appended. */
const headerBytes = 0x400;
const fileAlignment = 0x200;
const page = 0x1000;

/** A PE file whose only section is its code. Source: Microsoft's "PE Format"; what is zero is not written. */
function emptyProgram(code: Buffer): Buffer {
  const codeBytes = Math.ceil(code.length / fileAlignment) * fileAlignment;
  const file = Buffer.alloc(headerBytes + codeBytes);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(pe, 0x3c);
  file.write('PE\0\0', pe, 'latin1');
  file.writeUInt16LE(0x8664, pe + 4); // x86-64
  file.writeUInt16LE(1, pe + 6); // sections
  file.writeUInt16LE(optionalBytes, pe + 20);
  file.writeUInt16LE(0x22, pe + 22); // executable, may lie above 2 GiB; relocatable, as it needs no relocations
  file.writeUInt16LE(0x20b, optional); // PE32+
  file.writeUInt32LE(codeBytes, optional + 4);
  file.writeUInt32LE(page, optional + 16); // entry point
  file.writeUInt32LE(page, optional + 20); // base of code
  file.writeUInt32LE(page, optional + 32); // section alignment
  file.writeUInt32LE(fileAlignment, optional + 36);
  file.writeUInt32LE(2 * page, optional + 56); // size of image
  file.writeUInt32LE(headerBytes, optional + 60);
  file.writeUInt16LE(10, optional + 68); // EFI application
  file.writeUInt32LE(16, optional + 108); // data directories, all empty
  const section = optional + optionalBytes;
  file.write('.text', section, 'latin1');
  file.writeUInt32LE(code.length, section + 8);
  file.writeUInt32LE(page, section + 12);
  file.writeUInt32LE(codeBytes, section + 16);
  file.writeUInt32LE(headerBytes, section + 20);
  file.writeUInt32LE(0x60000020, section + 36); // code, executable, readable
  code.copy(file, headerBytes);
  return file;
}
