import type { S3Place } from '../../config/object-url.ts';

/** Whom the region of a bucket is asked, by the partition that an ARN names. */
const partitionRegions: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};

/**
 * The region that is asked where a bucket is: one of the partition of its ARN, else the one that this host is in, else the first
 * of all. Pure.
 */
export function regionToAsk({ partition }: S3Place, ownRegion: string | undefined): string {
  return partitionRegions[partition ?? ''] ?? ownRegion ?? 'us-east-1';
}

/** Domains by how the names of regions begin, where it is another one. */
const domains = [
  { prefix: 'cn-', domain: 'amazonaws.com.cn' },
  { prefix: 'eusc-', domain: 'amazonaws.eu' },
];

/** An address of Amazon S3: over IPv4 and IPv6. */
export interface S3Address {
  readonly host: string;
  /** Escaped, with the query. */
  readonly path: string;
}

/** The address of an object in a region, in the form that S3 documents for "dual-stack endpoints". Pure. */
export function s3Address({ owner, key, version }: S3Place, region: string): S3Address {
  const query = version === undefined ? '' : `?versionId=${escaped(version)}`;
  const path = `/${key.split('/').map(escaped).join('/')}${query}`;
  if (owner.kind === 'bucket') return bucketAddress(owner.name, region, path);
  return { host: `${owner.name}-${owner.account}.s3-accesspoint.dualstack.${region}.${domainOf(region)}`, path };
}

/** The address of a bucket itself. Pure. */
export function bucketAddress(bucket: string, region: string, path = '/'): S3Address {
  const host = `s3.dualstack.${region}.${domainOf(region)}`;
  // The certificates of S3 are for one label before their own name.
  const canLead = /^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/.test(bucket);
  return canLead ? { host: `${bucket}.${host}`, path } : { host, path: `/${bucket}${path}` };
}

function domainOf(region: string): string {
  return domains.find(({ prefix }) => region.startsWith(prefix))?.domain ?? 'amazonaws.com';
}

/** As a signature wants it: everything but the unreserved characters of RFC 3986. Pure. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
