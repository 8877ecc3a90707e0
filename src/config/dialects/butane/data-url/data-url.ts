import { gzip } from './gzip.ts';

/** How Butane writes contents down: the shortest of three forms. */
export interface Embedded {
  readonly source: string;
  /** To be set with it: `gzip`, or empty for none; undefined when the config says itself how they are compressed. */
  readonly compression: string | undefined;
}

/** RFC 2396's unreserved characters; all other bytes are escaped. */
const unreserved = new Set([...Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")]);
const escapes = Array.from({ length: 256 }, (_, byte) =>
  unreserved.has(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/**
 * The data URL (RFC 2397) that Butane makes of contents: percent-escaped, base64, or base64 of their gzip form, whichever is
 * shortest, an earlier one winning a draw. Pure.
 */
export function embed(content: Uint8Array, compression: string | undefined, compresses: boolean): Embedded {
  const escaped = `,${escapeBytes(content)}`;
  const base64 = `;base64,${Buffer.from(content).toString('base64')}`;
  const best = base64.length < escaped.length ? base64 : escaped;
  if (compression !== undefined && compression !== '') return { source: `data:${best}`, compression: undefined };
  if (compresses) {
    const packed = `;base64,${gzip(content).toString('base64')}`;
    // The field that says so takes space, too.
    if (packed.length + 'gzip'.length < best.length) return { source: `data:${packed}`, compression: 'gzip' };
  }
  return { source: `data:${best}`, compression: '' };
}

export function escapeBytes(content: Uint8Array): string {
  let escaped = '';
  for (const byte of content) escaped += escapes[byte] ?? '';
  return escaped;
}
