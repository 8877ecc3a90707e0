import { decodeDataUrl } from '../../../go/data-url.ts';
import { parseGoUrl, queryValue } from '../../../go/go-url.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Resource2 } from '../model-2.ts';

/** A URL under 2.`minor`; an empty one means nothing, or an empty file. */
export function checkSource2(source: string, place: Place, minor: number): void {
  if (source === '') return;
  const url = parseGoUrl(source);
  const known = ['http', 'https', 'oem', 'data', ...(minor === 0 ? [] : ['tftp', 's3'])];
  if (url === undefined) {
    place.error('invalid-value', `${describeValue(source)} is not a URL`);
  } else if (!known.includes(url.scheme)) {
    const what = url.scheme === '' ? 'a URL needs a scheme' : `a URL with the scheme "${url.scheme}" is not read`;
    place.error('invalid-value', what, `one of ${known.join(', ')}`);
  } else if (url.scheme === 'data' && decodeDataUrl(source) === undefined) {
    place.error('invalid-value', 'is not a well-formed data URL (RFC 2397)');
  } else if (url.scheme === 's3' && queryValue(url.query, 'versionId') === '') {
    place.error('invalid-value', 'the versionId of the object is empty');
  }
}

/** Contents, a config or a certificate. */
export function checkResource2(resource: Resource2, place: Place, minor: number): void {
  const { source = '', compression = '', httpHeaders = [] } = resource;
  if (compression !== '' && compression !== 'gzip') {
    place.child('compression').error('invalid-value', `${describeValue(compression)} is no known compression`, 'gzip');
  }
  checkSource2(source, place.child('source'), minor);
  checkHash2(resource.verification?.hash, place.child('verification').child('hash'));
  const headers = place.child('httpHeaders');
  if (httpHeaders.length > 0 && !/^https?$/.test(parseGoUrl(source)?.scheme ?? '')) {
    headers.error('invalid-value', 'only an http or https source takes HTTP headers');
  }
  const names = new Set<string>();
  for (const [index, { name = '' }] of httpHeaders.entries()) {
    const at = headers.child(index).child('name');
    if (name === '') at.error('missing-key', 'the name of the HTTP header is missing');
    else if (names.has(name)) at.error('duplicate', `the HTTP header ${describeValue(name)} stands twice`);
    names.add(name);
  }
}

function checkHash2(hash: string | undefined, place: Place): void {
  if (hash === undefined || /^sha512-/.test(hash)) {
    const digits = hash?.slice('sha512-'.length);
    if (digits === undefined || Buffer.byteLength(digits) === 128) return;
    place.error('invalid-value', 'a sha512 hash has 128 hexadecimal digits');
  } else {
    place.error('invalid-value', `${describeValue(hash)} is no hash that version 2 knows`, 'write it sha512-HEX');
  }
}
