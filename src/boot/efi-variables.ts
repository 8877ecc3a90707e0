import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../engine/durable-file.ts';

const directory = '/sys/firmware/efi/efivars';
/** The vendor of the variables by which boot loader and system talk: Boot Loader Interface, systemd.io/BOOT_LOADER_INTERFACE. */
const loaderVendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
/** The firmware's own variables: UEFI specification, "Globally Defined Variables". */
const firmwareVendor = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
/** efivarfs puts a variable's attributes, 32 bits, before its content: Documentation/filesystems/efivarfs.rst. */
const attributeBytes = 4;

/** Reads a variable's content. `name` with its vendor, as its file is called. @returns undefined when there is none. */
export async function readVariable(name: string): Promise<Buffer | undefined> {
  try {
    return (await readFile(join(directory, name))).subarray(attributeBytes);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Reads a text variable of the boot loader. @returns undefined when there is none: no firmware, or another boot loader. */
export async function readLoaderVariable(name: string): Promise<string | undefined> {
  const content = await readVariable(`${name}-${loaderVendor}`);
  return content === undefined ? undefined : decodeText(content);
}

/** Whether the firmware starts signed programs only. */
export async function isSecureBoot(read = readVariable): Promise<boolean> {
  return (await read(`SecureBoot-${firmwareVendor}`))?.[0] === 1;
}

/** A variable's content to its text: UTF-16, little-endian, ended by a zero. Pure. */
export function decodeText(content: Buffer): string {
  return content.toString('utf16le').replace(/\0[\s\S]*$/, '');
}
