import { parseGoUrl, queryValue } from './go/go-url.ts';

/** An object in an object store, as a URL of Ignition's names it. */
export type ObjectPlace =
  | S3Place
  /** `gs://BUCKET/OBJECT`, in Google Cloud Storage. */
  | { readonly kind: 'gs'; readonly bucket: string; readonly key: string };

/** `s3://BUCKET/KEY`, or the object's ARN. */
export interface S3Place {
  readonly kind: 's3';
  /** A bucket, or an access point of an account in a region. */
  readonly owner:
    | { readonly kind: 'bucket'; readonly name: string }
    | { readonly kind: 'access-point'; readonly name: string; readonly account: string; readonly region: string };
  readonly key: string;
  /** Absent: the newest. */
  readonly version?: string;
  /** The partition that an ARN names: `aws`, `aws-cn`. */
  readonly partition?: string;
}

/** Why a URL names no object, for a person. */
export interface NoObject {
  readonly kind: 'none';
  readonly why: string;
}

const schemes: ReadonlySet<string> = new Set(['s3', 'arn', 'gs']);

/** True for the URL of an object in an object store, well-formed or not. Pure. */
export function isObjectUrl(url: string): boolean {
  return schemes.has(parseGoUrl(url)?.scheme ?? '');
}

/**
 * The object that a URL with the scheme `s3`, `arn` or `gs` names, as Ignition reads it: slashes before a key do not belong to it,
 * and in an ARN nothing is escaped. Pure.
 */
export function parseObjectUrl(url: string): ObjectPlace | NoObject {
  const parsed = parseGoUrl(url);
  if (parsed === undefined) return none('it is not a URL');
  const { scheme, host, path, opaque, query } = parsed;
  if (scheme === 'arn') return inArn(`arn:${opaque}`, versionIn(query));
  const key = unescapedKey(path);
  if (key === undefined) return none('its path is not text in UTF-8');
  const problem = keyProblem(key);
  if (problem !== undefined) return none(problem);
  if (scheme === 'gs') return isGoogleBucket(host) ? { kind: 'gs', bucket: host, key } : none(noBucket(host));
  if (!isS3Bucket(host)) return none(noBucket(host));
  return { kind: 's3', owner: { kind: 'bucket', name: host }, key, ...versionIn(query) };
}

/** Amazon's form of ARNs: `arn:PARTITION:s3:REGION:ACCOUNT:RESOURCE`, of buckets without region and account. */
function inArn(arn: string, version: Pick<S3Place, 'version'>): S3Place | NoObject {
  const [, partition = '', , region = '', account = '', ...rest] = arn.split(':');
  const parts = rest.join(':').split('/');
  const isAccessPoint = parts[0] === 'accesspoint' && parts.length > 1;
  const key = parts.slice(isAccessPoint ? 3 : 1).join('/');
  const problem = keyProblem(key);
  if (problem !== undefined) return none(problem);
  const found = { kind: 's3', key, partition, ...version } as const;
  const [name = '', accessPoint = '', object] = parts;
  if (!isAccessPoint) return isS3Bucket(name) ? { ...found, owner: { kind: 'bucket', name } } : none(noBucket(name));
  if (object !== 'object') return none('the ARN of an access point goes on with /object/ and the key');
  if (region === '') return none('an access point of several regions is not asked: name one of its buckets');
  const isKnown = isLabel(accessPoint) && isLabel(region) && /^\d{12}$/.test(account);
  if (!isKnown) return none('there is no such access point: it has a region, an account of 12 digits, and a name');
  return { ...found, owner: { kind: 'access-point', name: accessPoint, account, region } };
}

function versionIn(query: string): Pick<S3Place, 'version'> {
  const version = queryValue(query, 'versionId');
  return version === undefined ? {} : { version };
}

function unescapedKey(path: string): string | undefined {
  try {
    return decodeURIComponent(path.replace(/^\/+/, ''));
  } catch {
    return undefined;
  }
}

/** A URL is made of the key: parts that mean a way up would lead to another object. */
function keyProblem(key: string): string | undefined {
  if (key === '') return 'it names no object in the bucket';
  return key.split('/').some((part) => /^\.\.?$/.test(part)) ? 'its key has a part "." or ".."' : undefined;
}

/** Old buckets have names that no new one can have. */
function isS3Bucket(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$/.test(name);
}

function isGoogleBucket(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name);
}

/** What may be a part of a host's name. */
function isLabel(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

function noBucket(name: string): string {
  return `${JSON.stringify(name)} is no name of a bucket`;
}

function none(why: string): NoObject {
  return { kind: 'none', why };
}
