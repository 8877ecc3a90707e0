import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { decodeDataUrl } from '../../go/data-url.ts';
import { parseGoUrl } from '../../go/go-url.ts';
import type { RemoteContent } from '../../host-config.ts';
import type { Place } from '../../place.ts';
import type { Resource } from './model.ts';

/** Content that unpacks to more is refused: larger things belong into a volume or an image. */
const maxContentBytes = 64 * 2 ** 20;

/** What a resource is: bytes that are given, or where they are; undefined when it cannot be had, which is reported. */
export type Contents =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'remote'; readonly remote: RemoteContent };

/** Schemes that are not fetched, each with the reason and what to do instead. */
const refusedSchemes = new Map<string, readonly [why: string, instead: string]>([
  [
    'tftp',
    [
      'TFTP has neither encryption nor an end that can be trusted',
      'put the file on an http or https server, or into data:',
    ],
  ],
  ['s3', ['Berth does not sign requests to S3', 'use an https URL of the object (a presigned one, if it is private)']],
  ['arn', ['Berth does not sign requests to S3', 'use an https URL of the object (a presigned one, if it is private)']],
  ['gs', ['Berth does not sign requests to Google Cloud Storage', 'use a signed https URL of the object']],
  ['oem', ['there is no OEM partition on Berth', 'put the file on an http or https server, or into data:']],
]);

/** Reads a resource with a source; `data:` is unpacked and verified here. `refuse` is told what cannot be done. Pure. */
export function contentsOf(resource: Resource, place: Place, refuse: Refuse): Contents | undefined {
  const { source = '', compression = '', httpHeaders = [] } = resource;
  const hash = resource.verification?.hash;
  const scheme = source === '' ? 'data' : (parseGoUrl(source)?.scheme ?? '');
  const at = place.child('source');
  if (scheme === 'data') {
    const bytes = source === '' ? Buffer.alloc(0) : decodeDataUrl(source);
    const unpacked = bytes === undefined ? undefined : unpack(bytes, compression, place, refuse);
    if (unpacked !== undefined && isWhole(unpacked, hash)) return { kind: 'bytes', bytes: unpacked };
    const [where, what] = [place.child('verification').child('hash'), 'the content does not have this hash'];
    if (unpacked !== undefined) refuse(where, what, 'make the hash anew');
    return undefined;
  }
  const refusal = refusedSchemes.get(scheme);
  if (refusal !== undefined) {
    refuse(at, ...refusal);
    return undefined;
  }
  const headers = httpHeaders.map(({ name = '', value = '' }) => ({ name, value }));
  const remote: RemoteContent = {
    url: source,
    headers,
    ...(hash === undefined ? {} : { hash }),
    ...(compression === 'gzip' ? { compression } : {}),
  };
  return { kind: 'remote', remote };
}

function unpack(bytes: Buffer, compression: string, place: Place, refuse: Refuse): Buffer | undefined {
  if (compression !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxContentBytes });
  } catch {
    const what = `the content is not gzip data, or unpacks to more than ${maxContentBytes} bytes`;
    refuse(place.child('compression'), what, 'pack the content with gzip, or leave "compression" out');
    return undefined;
  }
}

/** Told of something that cannot be done, and must not be left out. */
export type Refuse = (place: Place, why: string, instead: string) => void;

/** True when the bytes have the hash, or there is none. */
function isWhole(bytes: Buffer, hash: string | undefined): boolean {
  if (hash === undefined) return true;
  const digits = hash.slice('sha512-'.length);
  return createHash(hash.slice(0, 'sha512'.length)).update(bytes).digest('hex') === digits.toLowerCase();
}
