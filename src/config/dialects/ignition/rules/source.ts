import { decodeDataUrl } from '../../../go/data-url.ts';
import { type GoUrl, parseGoUrl, queryValue } from '../../../go/go-url.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';

/** Schemes by version of the specification. */
const schemes: readonly { readonly scheme: string; readonly since: number }[] = [
  { scheme: 'http', since: 0 },
  { scheme: 'https', since: 0 },
  { scheme: 'tftp', since: 0 },
  { scheme: 's3', since: 0 },
  { scheme: 'data', since: 0 },
  { scheme: 'gs', since: 2 },
  { scheme: 'arn', since: 4 },
];

/** A URL that contents, configs or certificates may come from, under 3.`minor`. */
export function checkSource(source: string, place: Place, minor: number): void {
  const url = parseGoUrl(source);
  if (url === undefined) {
    place.error('invalid-value', `${describeValue(source)} is not a URL`);
    return;
  }
  const known = schemes.filter(({ since }) => since <= minor).map(({ scheme }) => scheme);
  if (!known.includes(url.scheme)) {
    const what = url.scheme === '' ? 'a URL needs a scheme' : `a URL with the scheme "${url.scheme}" is not read`;
    place.error('invalid-value', what, `one of ${known.join(', ')}; content itself goes into data:,…`);
  } else {
    checkScheme(source, url, place);
  }
}

function checkScheme(source: string, url: GoUrl, place: Place): void {
  if (url.scheme === 'data' && decodeDataUrl(source) === undefined) {
    const hint = 'data:,TEXT with %20 for blanks and the like, or data:;base64,CONTENT';
    place.error('invalid-value', 'is not a well-formed data URL (RFC 2397)', hint);
  }
  if (url.scheme === 'arn' && !isBucketArn(`arn:${url.opaque}`)) {
    place.error('invalid-value', `${describeValue(source)} is not the ARN of an object in S3`);
  }
  if ((url.scheme === 's3' || url.scheme === 'arn') && queryValue(url.query, 'versionId') === '') {
    place.error('invalid-value', 'the versionId of the object is empty');
  }
}

function isBucketArn(arn: string): boolean {
  const [, , service, , , ...rest] = arn.split(':');
  if (service !== 's3' || rest.length === 0) return false;
  const least = rest.join(':').startsWith('accesspoint/') ? 3 : 2;
  return arn.split('/').length >= least;
}
