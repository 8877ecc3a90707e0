import aws4 from 'aws4';
import type { S3Address } from './s3-address.ts';

/** What an AWS role signs with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** They are good with this only. */
  readonly sessionToken: string;
}

/** An address that is asked, and what is said there. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A GET of an object, signed by AWS Signature Version 4 (its `Authorization` header), or unsigned without credentials. Pure.
 * @param now milliseconds; S3 takes a signature for 15 minutes.
 */
export function s3Request(
  { host, path }: S3Address,
  region: string,
  credentials: AwsCredentials | undefined,
  now: number,
): SignedRequest {
  if (credentials === undefined) return { url: `https://${host}${path}`, headers: {} };
  const date = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const request = { service: 's3', region, method: 'GET', host, path, headers: { 'X-Amz-Date': date } };
  const { path: signedPath = path, headers = {} } = aws4.sign(request, credentials);
  const said = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  // Whoever asks says by itself whom it asks.
  return {
    url: `https://${host}${signedPath}`,
    headers: Object.fromEntries(said.filter(([name]) => name !== 'host')),
  };
}
