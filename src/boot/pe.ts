import { createHash } from 'node:crypto';
import { BerthError } from '../core/errors.ts';

/** Where the parts of a Portable Executable file are that Berth reads or changes. Source: Microsoft's "PE Format". */
export interface PeLayout {
  readonly sectionCountOffset: number;
  readonly sectionTable: number;
  readonly sectionCount: number;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  readonly sizeOfImageOffset: number;
  readonly sizeOfHeaders: number;
  readonly checkSumOffset: number;
  /** The directory's entry that says where the signatures are; undefined: the file has no such entry. */
  readonly certificateEntry: number | undefined;
}

/** Attribute Certificate Table: its place among the data directories, and the kind that holds a PKCS #7 signature. */
const certificateDirectory = 4;
const directoryBytes = 8;
const checkSumBytes = 4;
const pkcsSignedData = 2;
const certificateHeaderBytes = 8;
const pe32Plus = 0x20b;

/** Whether it begins as a PE file does. Pure. */
export function isPe(file: Buffer): boolean {
  const pe = headerOf(file);
  return file.toString('latin1', 0, 2) === 'MZ' && file.toString('latin1', pe, pe + 4) === 'PE\0\0';
}

/** Throws CONFIG_INVALID when it is no PE file. Pure. */
export function readPeLayout(file: Buffer): PeLayout {
  if (!isPe(file)) throw new BerthError('CONFIG_INVALID', 'this is no PE file');
  const pe = headerOf(file);
  const optional = pe + 24;
  const directories = optional + (file.readUInt16LE(optional) === pe32Plus ? 112 : 96);
  return {
    sectionCountOffset: pe + 6,
    sectionCount: file.readUInt16LE(pe + 6),
    sectionTable: optional + file.readUInt16LE(pe + 20),
    sectionAlignment: file.readUInt32LE(optional + 32),
    fileAlignment: file.readUInt32LE(optional + 36),
    sizeOfImageOffset: optional + 56,
    sizeOfHeaders: file.readUInt32LE(optional + 60),
    checkSumOffset: optional + 64,
    certificateEntry:
      file.readUInt32LE(directories - 4) > certificateDirectory
        ? directories + certificateDirectory * directoryBytes
        : undefined,
  };
}

/** The signatures of a PE file, PKCS #7 in DER; none when it is not signed. Throws CONFIG_INVALID for anything else. Pure. */
export function readPeSignatures(file: Buffer): Buffer[] {
  const { start, end } = certificateTable(file, readPeLayout(file));
  const signatures: Buffer[] = [];
  for (let at = start; at + certificateHeaderBytes <= end; ) {
    const length = Math.max(file.readUInt32LE(at), certificateHeaderBytes);
    const kind = file.readUInt16LE(at + 6);
    if (kind === pkcsSignedData)
      signatures.push(file.subarray(at + certificateHeaderBytes, Math.min(at + length, end)));
    at += Math.ceil(length / 8) * 8;
  }
  return signatures;
}

/**
 * The digest by which firmware knows a program, in hexadecimal: of all but its check sum and its signatures. Sections that lie one
 * behind the other, as `sbsign` requires and ours do, are all of the file. Source: Microsoft's "Windows Authenticode Portable
 * Executable Signature Format", "Calculating the PE Image Hash". Throws CONFIG_INVALID. Pure.
 */
export function peDigest(file: Buffer, algorithm: 'sha256' | 'sha384' | 'sha512'): string {
  const layout = readPeLayout(file);
  const { checkSumOffset, certificateEntry } = layout;
  const { start } = certificateTable(file, layout);
  const digest = createHash(algorithm).update(file.subarray(0, checkSumOffset));
  if (certificateEntry === undefined) digest.update(file.subarray(checkSumOffset + checkSumBytes, start));
  else {
    digest.update(file.subarray(checkSumOffset + checkSumBytes, certificateEntry));
    digest.update(file.subarray(certificateEntry + directoryBytes, start));
  }
  return digest.digest('hex');
}

function headerOf(file: Buffer): number {
  return file.length > 64 ? file.readUInt32LE(0x3c) : 0;
}

/** Unlike the other directories this one has a place in the file, not in memory. An empty one stands at the file's end. */
function certificateTable(
  file: Buffer,
  { certificateEntry }: PeLayout,
): { readonly start: number; readonly end: number } {
  const bytes = certificateEntry === undefined ? 0 : file.readUInt32LE(certificateEntry + 4);
  if (certificateEntry === undefined || bytes === 0) return { start: file.length, end: file.length };
  const start = Math.min(file.readUInt32LE(certificateEntry), file.length);
  return { start, end: Math.min(start + bytes, file.length) };
}
