import { gunzipSync } from 'node:zlib';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { readArchive } from './archive.ts';
import { isMime, type MimeLeaf, readMime } from './mime.ts';
import { partProblem, type UserDataPart } from './part.ts';
import { packedTypes, partTypes, sniffedTypes, typeByHeader } from './part-types.ts';

/** What a document unpacks to may have so many bytes, and so many parts. */
const maxBytes = 16 * 2 ** 20;
const maxParts = 1000;
/** Archives in archives. */
const maxDepth = 8;

export interface Expansion {
  /** In order. What is fetched or rendered is still to be done: such parts stand as they are. */
  readonly parts: readonly UserDataPart[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A document of user-data as its parts, in the order in which cloud-init takes them: MIME messages and archives are taken
 * apart, gzip is unpacked. Pure and bounded; never throws.
 * Formats: https://docs.cloud-init.io/en/latest/explanation/format.html, version 26.2.
 */
export function expandUserData(file: string, bytes: Uint8Array): Expansion {
  const expander = new Expander(file);
  expander.take(bytes);
  return { parts: expander.parts, diagnostics: expander.diagnostics };
}

class Expander {
  readonly parts: UserDataPart[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: string;
  #count = 0;
  #bytes = 0;

  constructor(file: string) {
    this.#file = file;
  }

  take(bytes: Uint8Array): void {
    const unpacked = this.#unpack(this.#file, bytes);
    if (unpacked === undefined) return;
    if (isMime(unpacked)) {
      const leaves = readMime(unpacked);
      const isMessage = leaves.length !== 1 || leaves[0]?.headers.size !== 0;
      if (leaves.length === 0) this.#report(this.#file, 'error', 'mime', 'is a multipart message without parts');
      for (const leaf of leaves) this.#takeLeaf(leaf, isMessage, 0);
    } else {
      this.#takeLeaf({ headers: new Map(), type: 'text/plain', fileName: undefined, body: unpacked }, false, 0);
    }
  }

  #takeLeaf(leaf: MimeLeaf, isMessage: boolean, depth: number): void {
    this.#count += 1;
    if (this.#count > maxParts) {
      if (this.#count === maxParts + 1)
        this.#report(this.#file, 'error', 'too-large', `has more than ${maxParts} parts`);
      return;
    }
    const file = isMessage ? `${this.#file}#${leaf.fileName ?? `part-${this.#count}`}` : this.#file;
    const isPacked = packedTypes.has(leaf.type);
    const bytes = this.#unpack(file, leaf.body, isPacked);
    if (bytes === undefined) return;
    const declared = isPacked ? 'text/plain' : leaf.type;
    const type = (sniffedTypes.has(declared) ? typeByHeader(startOf(bytes)) : undefined) ?? declared;
    if (type === partTypes.archive) {
      this.#takeArchive(file, bytes, depth);
      return;
    }
    if (leaf.headers.has('launch-index'))
      this.#report(
        file,
        'warning',
        'unsupported',
        'Launch-Index is not looked at: this part is for every machine',
        'give each machine its own user-data',
      );
    const mergeType = [leaf.headers.get('merge-type'), leaf.headers.get('x-merge-type')].find((text) => text);
    this.parts.push({
      file,
      name: leaf.fileName ?? `part-${String(this.#count).padStart(3, '0')}`,
      type,
      bytes,
      ...(mergeType === undefined ? {} : { mergeType }),
      isWhole: !isMessage,
    });
  }

  #takeArchive(file: string, bytes: Uint8Array, depth: number): void {
    if (depth >= maxDepth) {
      this.#report(file, 'error', 'too-large', `is an archive within ${maxDepth} others`);
      return;
    }
    // The archive itself is no part of the result.
    this.#count -= 1;
    const { entries, diagnostics } = readArchive(file, new TextDecoder().decode(bytes));
    this.diagnostics.push(...diagnostics);
    for (const entry of entries) this.#takeLeaf(entry, true, depth + 1);
  }

  #unpack(file: string, bytes: Uint8Array, isWanted = false): Uint8Array | undefined {
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    let unpacked = bytes;
    if (isGzip || isWanted) {
      try {
        unpacked = new Uint8Array(gunzipSync(bytes, { maxOutputLength: maxBytes }));
      } catch (error) {
        const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
        const what = isTooLarge
          ? `is more than ${maxBytes} bytes when unpacked`
          : 'is said to be gzip, and cannot be unpacked';
        this.#report(file, 'error', isTooLarge ? 'too-large' : 'not-gzip', what);
        return undefined;
      }
    }
    this.#bytes += unpacked.length;
    if (this.#bytes <= 2 * maxBytes) return unpacked;
    this.#report(file, 'error', 'too-large', `makes this document more than ${2 * maxBytes} bytes when unpacked`);
    return undefined;
  }

  #report(file: string, severity: Diagnostic['severity'], code: string, message: string, hint?: string): void {
    this.diagnostics.push(partProblem(file, severity, code, message, hint));
  }
}

function startOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 4096));
}
