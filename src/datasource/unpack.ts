import { gunzipSync } from 'node:zlib';
import type { Diagnostic } from '../core/diagnostic.ts';
import { maxUnpackedBytes } from './seed-ports.ts';
import { seedProblem } from './seed-problem.ts';

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly data: Uint8Array }
  | { readonly kind: 'unreadable'; readonly diagnostic: Diagnostic };

/**
 * User-data as it was written: gzip is unpacked, and base64, since no config language can look like it. Pure and bounded:
 * at most `maxBytes` are made, whatever the packed bytes promise.
 */
export function unpack(document: string, bytes: Uint8Array, maxBytes = maxUnpackedBytes): Unpacked {
  const decoded = isBase64(bytes)
    ? new Uint8Array(Buffer.from(Buffer.from(bytes).toString('latin1'), 'base64'))
    : bytes;
  if (!isGzip(decoded)) return { kind: 'unpacked', data: decoded };
  try {
    return { kind: 'unpacked', data: new Uint8Array(gunzipSync(decoded, { maxOutputLength: maxBytes })) };
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const diagnostic = isTooLarge
      ? seedProblem(document, 'error', 'too-large', `is more than ${maxBytes} bytes when unpacked`)
      : seedProblem(
          document,
          'error',
          'not-gzip',
          `starts as gzip does, and cannot be unpacked: ${(error as Error).message}`,
        );
    return { kind: 'unreadable', diagnostic };
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** True for base64 and nothing else, line breaks aside: at least one group, so that a word or a number is not taken for it. */
function isBase64(bytes: Uint8Array): boolean {
  let length = 0;
  let padding = 0;
  for (const byte of bytes) {
    if (byte === 0x0a || byte === 0x0d) continue;
    if (byte === 0x3d) padding += 1;
    else if (padding > 0 || !isBase64Digit(byte)) return false;
    length += 1;
  }
  return length >= 16 && length % 4 === 0 && padding <= 2;
}

function isBase64Digit(byte: number): boolean {
  return (
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2f
  );
}
