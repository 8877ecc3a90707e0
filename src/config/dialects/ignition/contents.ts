import { openContent } from '../../content.ts';
import { decodeDataUrl } from '../../go/data-url.ts';
import { parseGoUrl } from '../../go/go-url.ts';
import { isObjectUrl, parseObjectUrl } from '../../object-url.ts';
import type { Place } from '../../place.ts';
import type { RemoteContent } from '../../remote-content.ts';
import type { Resource } from './model.ts';

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
    return bytes === undefined ? undefined : openGiven(bytes, resource, place, refuse);
  }
  const object = isObjectUrl(source) ? parseObjectUrl(source) : undefined;
  const refusal: readonly [string, string] | undefined =
    object?.kind === 'none'
      ? [object.why, 's3://BUCKET/KEY, gs://BUCKET/OBJECT, or the ARN of an object']
      : refusedSchemes.get(scheme);
  if (refusal !== undefined) {
    refuse(at, ...refusal);
    passOverOthers(resource, place);
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

/** What is said about a source that is not fetched. */
export function passOverOthers({ compression, httpHeaders, verification }: Resource, place: Place): void {
  const others = { compression, httpHeaders, 'verification.hash': verification?.hash };
  informEach(others, place, 'no-effect', 'has no effect, because the source is not fetched');
}

/** What is said about a document on a server that is taken in before the config is applied. */
export function leaveForLater({ source, compression, httpHeaders, verification }: Resource, place: Place): void {
  const all = { source, compression, httpHeaders, 'verification.hash': verification?.hash };
  informEach(all, place, 'fetched-later', 'is for the document that is fetched when a host gets the config');
}

function informEach(values: Readonly<Record<string, unknown>>, place: Place, code: string, what: string): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const at = key.split('.').reduce((parent, part) => parent.child(part), place);
    at.inform(code, `${what}: ${JSON.stringify(value)}`);
  }
}

function openGiven(bytes: Buffer, resource: Resource, place: Place, refuse: Refuse): Contents | undefined {
  const { compression = '', verification: { hash } = {} } = resource;
  const opened = openContent(bytes, { compression, ...(hash === undefined ? {} : { hash }) });
  const where = place.child('verification').child('hash');
  if (opened.kind === 'bytes') {
    if (hash !== undefined) where.inform('verified', 'the content has this hash');
    return opened;
  }
  if (opened.kind === 'other-hash') refuse(where, opened.why, 'make the hash anew');
  else refuse(place.child('compression'), opened.why, 'pack the content with gzip, or leave "compression" out');
  return undefined;
}

/** Told of something that cannot be done, and must not be left out. */
export type Refuse = (place: Place, why: string, instead: string) => void;
