import { type ObjectPlace, parseObjectUrl, type S3Place } from '../../config/object-url.ts';
import type { Clock } from '../../core/clock.ts';
import { BerthError, isBerthError } from '../../core/errors.ts';
import { askBounded } from '../bounded-http.ts';
import { type HttpTry, retriedStatus } from '../http-fetcher.ts';
import type { HttpWay } from '../http-way.ts';
import { shownUrl } from '../inline-seed.ts';
import type { MetadataServices } from '../seed-ports.ts';
import { type Ec2Role, readEc2Role } from './ec2-role.ts';
import { type GoogleToken, readGoogleToken } from './google-account.ts';
import type { ObjectPlatform } from './object-platform.ts';
import { bucketAddress, regionToAsk, s3Address } from './s3-address.ts';

export interface ObjectStoresDeps {
  readonly metadata: MetadataServices;
  /** Where this host runs; its credentials are for that cloud's own store. */
  readonly platform: (signal: AbortSignal) => Promise<ObjectPlatform | undefined>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Credentials are asked for anew when they have less than this left, as Amazon and Google advise. */
const marginMs = 5 * 60_000;
/** How long it counts that a machine has none: somebody may give it some. */
const withoutMs = 60_000;
const answerMs = 10_000;

/** What was found out, and until when it counts. */
interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/**
 * Objects in Amazon S3 and Google Cloud Storage, as requests over HTTPS: with the credentials of the machine's role or service
 * account where it runs in that cloud and has one, else as anybody.
 */
export class ObjectStores {
  readonly #deps: ObjectStoresDeps;
  readonly #regions = new Map<string, string>();
  #role: Kept<Ec2Role> | undefined;
  #token: Kept<GoogleToken | undefined> | undefined;

  constructor(deps: ObjectStoresDeps) {
    this.#deps = deps;
  }

  /**
   * The request that gets an object, good for some minutes. Throws DATASOURCE_UNREACHABLE when another try may go better,
   * DATASOURCE_UNREADABLE when there is no such object or bucket.
   */
  async request(url: string, way: HttpWay, signal: AbortSignal): Promise<HttpTry> {
    const place = parseObjectUrl(url);
    if (place.kind === 'none') throw new BerthError('DATASOURCE_UNREADABLE', `${shownUrl(url)}: ${place.why}`);
    const platform = await this.#deps.platform(signal);
    return place.kind === 's3'
      ? await this.#s3(place, platform === 'ec2', way, signal)
      : await this.#google(place, platform === 'gce', way, signal);
  }

  async #s3(place: S3Place, isOwn: boolean, way: HttpWay, signal: AbortSignal): Promise<HttpTry> {
    const { region: ownRegion, credentials } = isOwn ? await this.#readRole(signal) : {};
    const { owner } = place;
    const region =
      owner.kind === 'access-point'
        ? owner.region
        : await this.#regionOf(owner.name, regionToAsk(place, ownRegion), way, signal);
    // Loaded when an object is fetched: hosts that fetch none carry none of it.
    const { s3Request } = await import('./sign-s3.ts');
    const request = s3Request(s3Address(place, region), region, credentials, this.#deps.clock.now());
    return { ...request, way, refusedAdvice: s3Advice(isOwn, credentials !== undefined) };
  }

  async #google(
    { bucket, key }: Extract<ObjectPlace, { kind: 'gs' }>,
    isOwn: boolean,
    way: HttpWay,
    signal: AbortSignal,
  ): Promise<HttpTry> {
    const token = isOwn ? await this.#readToken(signal) : undefined;
    const path = `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}?alt=media`;
    return {
      url: `https://storage.googleapis.com${path}`,
      headers: token === undefined ? {} : { authorization: `Bearer ${token.token}` },
      way,
      refusedAdvice: googleAdvice(isOwn, token !== undefined),
    };
  }

  /** S3 says where a bucket is to whoever asks, even when it refuses everything else. */
  async #regionOf(bucket: string, asked: string, way: HttpWay, signal: AbortSignal): Promise<string> {
    const known = this.#regions.get(bucket);
    if (known !== undefined) return known;
    const { host, path } = bucketAddress(bucket, asked);
    const question = { method: 'HEAD', signal, way, isFinal: true } as const;
    const limits = { answerMs, stallMs: answerMs, maxBytes: 0 };
    const { status, headers } = await askBounded(`https://${host}${path}`, question, limits);
    const { 'x-amz-bucket-region': region = status < 300 ? asked : '' } = headers;
    if (typeof region === 'string' && /^[a-z0-9-]+$/.test(region)) {
      this.#regions.set(bucket, region);
      return region;
    }
    const isRetryable = retriedStatus(status);
    const why = status === 404 ? `there is no bucket ${bucket}` : `S3 does not say where the bucket ${bucket} is`;
    throw new BerthError(
      isRetryable ? 'DATASOURCE_UNREACHABLE' : 'DATASOURCE_UNREADABLE',
      `${why}: it answered ${status}`,
      { retryable: isRetryable },
    );
  }

  async #readRole(signal: AbortSignal): Promise<Ec2Role> {
    const now = this.#deps.clock.now();
    if (this.#role !== undefined && now < this.#role.until) return this.#role.value;
    const value = (await withoutRefusal(readEc2Role(this.#deps.metadata, signal))) ?? {};
    const { endsAt = now + withoutMs + marginMs } = value;
    this.#role = { value, until: endsAt - marginMs };
    return value;
  }

  async #readToken(signal: AbortSignal): Promise<GoogleToken | undefined> {
    const now = this.#deps.clock.now();
    if (this.#token !== undefined && now < this.#token.until) return this.#token.value;
    const value = await withoutRefusal(readGoogleToken(this.#deps.metadata, signal));
    const goodMs = value === undefined ? withoutMs : value.seconds * 1000 - marginMs;
    this.#token = { value, until: now + goodMs };
    return value;
  }
}

/** A metadata service that is switched off has no credentials: undefined then. */
async function withoutRefusal<T>(asking: Promise<T>): Promise<T | undefined> {
  return await asking.catch((error: unknown) => {
    if (isBerthError(error, 'DATASOURCE_UNREADABLE')) return undefined;
    throw error;
  });
}

function s3Advice(isOwn: boolean, isSigned: boolean): string {
  if (isSigned) return "the instance's role must allow s3:GetObject, and s3:GetObjectVersion with a versionId";
  return isOwn
    ? 'the instance has no role: give it one that allows s3:GetObject, or let everybody read the object'
    : 'only an instance of Amazon EC2 has credentials: let everybody read the object, or use a presigned https URL';
}

function googleAdvice(isOwn: boolean, isSigned: boolean): string {
  if (isSigned) return "the machine's service account needs storage.objects.get, and the scope devstorage.read_only";
  return isOwn
    ? 'the machine has no service account: give it one that may read the object, or let everybody read it'
    : 'only a machine of Compute Engine has credentials: let everybody read the object, or use a signed https URL';
}
