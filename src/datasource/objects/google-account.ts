import { optional, required } from '../cloud/cloud.ts';
import { gceService } from '../cloud/gce.ts';
import { jsonOf } from '../cloud/parsed-seed.ts';
import { type MetadataService, readMetadata } from '../metadata-service.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import type { MetadataServices } from '../seed-ports.ts';

/** What vouches for a machine at Google's services. */
export interface GoogleToken {
  readonly token: string;
  /** How long it is good. */
  readonly seconds: number;
}

const account = '/computeMetadata/v1/instance/service-accounts/default';
const readOnly = encodeURIComponent('https://www.googleapis.com/auth/devstorage.read_only');

const service: MetadataService = {
  ...gceService,
  documents: {
    id: required('/computeMetadata/v1/instance/id'),
    scopes: optional(`${account}/scopes`),
  },
  follow: (found) => (found.has('scopes') ? { token: optional(`${account}/token?scopes=${readOnly}`) } : {}),
};

/** Asks the machine's metadata service, once; undefined when the machine has no service account. Throws as {@link readMetadata}. */
export async function readGoogleToken(
  metadata: MetadataServices,
  signal: AbortSignal,
): Promise<GoogleToken | undefined> {
  return parseGoogleToken(await readMetadata(service, metadata, signal));
}

/** Reads its documents ("Authenticate workloads using service accounts" of Compute Engine's guide). Pure. */
export function parseGoogleToken(found: SeedDocuments): GoogleToken | undefined {
  const { access_token: token, expires_in: seconds, token_type: type } = jsonOf(found, 'token', []);
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || typeof seconds !== 'number') return undefined;
  return type === 'Bearer' ? { token, seconds } : undefined;
}
