import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** Content that unpacks to more is refused: larger things belong into a volume or an image. */
export const maxContentBytes = 64 * 2 ** 20;

/** How content is packed, and what it has to be. */
export interface ContentTerms {
  readonly compression?: string;
  /** `sha512-` or `sha256-` and hexadecimal digits, of the unpacked content. */
  readonly hash?: string;
}

/** Content unpacked and verified, or what is wrong with it. */
export type OpenedContent =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'not-gzip' | 'other-hash'; readonly why: string };

/** Unpacks and verifies content. Pure. */
export function openContent(packed: Uint8Array, { compression, hash }: ContentTerms): OpenedContent {
  const bytes = compression === 'gzip' ? unpack(packed) : Buffer.from(packed);
  if (bytes === undefined) {
    return { kind: 'not-gzip', why: `the content is not gzip data, or unpacks to more than ${maxContentBytes} bytes` };
  }
  if (hash === undefined) return { kind: 'bytes', bytes };
  const [name = '', digits = ''] = hash.split('-');
  const found = createHash(name).update(bytes).digest('hex');
  if (found === digits.toLowerCase()) return { kind: 'bytes', bytes };
  return { kind: 'other-hash', why: `the content does not have this hash: its ${name} hash is ${found}` };
}

function unpack(packed: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(packed, { maxOutputLength: maxContentBytes });
  } catch {
    return undefined;
  }
}
