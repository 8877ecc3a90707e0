import { parseGoUrl } from '../../../go/go-url.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Resource } from '../model.ts';
import { checkSource } from './source.ts';

/** Contents, a config or a certificate under 3.`minor`. */
export function checkResource(resource: Resource, place: Place, minor: number): void {
  const { source = '', compression = '', httpHeaders = [] } = resource;
  if (compression !== '' && compression !== 'gzip') {
    place.child('compression').error('invalid-value', `${describeValue(compression)} is no known compression`, 'gzip');
  }
  const hash = place.child('verification').child('hash');
  if (resource.verification?.hash !== undefined && resource.source === undefined) {
    hash.error('missing-key', 'there is a hash and no source that it is of');
  }
  checkHash(resource.verification?.hash, hash, minor);
  if (source !== '') checkSource(source, place.child('source'), minor);
  const headers = place.child('httpHeaders');
  if (httpHeaders.length > 0 && !/^https?$/.test(parseGoUrl(source)?.scheme ?? '')) {
    headers.error('invalid-value', 'only an http or https source takes HTTP headers');
  }
  for (const [index, header] of httpHeaders.entries()) checkHeader(header, headers.child(index));
}

/** A source that must be given. */
export function checkRequiredSource(resource: Resource, place: Place, minor: number): void {
  const { source = '' } = resource;
  if (source === '') place.error('missing-key', '"source" is missing');
  // A source that is there and wrong is reported by checkResource.
  else if (minor === 0) checkSource(source, place.child('source'), minor);
}

/** `sha512-` and 128 hexadecimal digits; from 3.1 also `sha256-` and 64. */
export function checkHash(hash: string | undefined, place: Place, minor: number): void {
  if (hash === undefined) return;
  const [name = '', ...rest] = hash.split('-');
  const digits = hashDigits.get(name);
  if (rest.length === 0) {
    place.error('invalid-value', `${describeValue(hash)} is not a hash`, 'write it sha512-HEX');
  } else if (digits === undefined || (name === 'sha256' && minor < 1)) {
    const hint = minor < 1 ? 'sha512 is; sha256 from version 3.1.0 on' : 'sha256 and sha512 are';
    place.error('invalid-value', `the hash function ${describeValue(name)} is not known`, hint);
  } else if (Buffer.byteLength(rest.join('-')) !== digits) {
    place.error('invalid-value', `a ${name} hash has ${digits} hexadecimal digits`);
  }
}

const hashDigits = new Map<string, number>([
  ['sha512', 128],
  ['sha256', 64],
]);

function checkHeader({ name = '', value }: { name?: string; value?: string }, place: Place): void {
  if (name === '') place.child('name').error('missing-key', 'the name of the HTTP header is missing');
  if (value === '') place.child('value').error('invalid-value', 'the value of the HTTP header is empty');
}
