import { optional, required } from '../cloud/cloud.ts';
import { ec2Service } from '../cloud/ec2.ts';
import { jsonOf, wordOf } from '../cloud/parsed-seed.ts';
import { type MetadataService, readMetadata } from '../metadata-service.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import type { MetadataServices } from '../seed-ports.ts';
import type { AwsCredentials } from './sign-s3.ts';

/** What an EC2 instance is in Amazon's eyes. */
export interface Ec2Role {
  readonly region?: string;
  /** Absent: the instance has no role. */
  readonly credentials?: AwsCredentials;
  /** When the credentials end, in milliseconds. */
  readonly endsAt?: number;
}

const root = '/latest/meta-data';
const credentialsPath = `${root}/iam/security-credentials/`;

const service: MetadataService = {
  ...ec2Service,
  documents: {
    'instance-id': required(`${root}/instance-id`),
    region: optional(`${root}/placement/region`),
    roles: optional(credentialsPath),
  },
  follow: (found) => {
    const role = roleIn(found);
    return role === undefined ? {} : { credentials: optional(`${credentialsPath}${role}`) };
  },
};

/** Asks the instance's metadata service, once. Throws as {@link readMetadata}. */
export async function readEc2Role(metadata: MetadataServices, signal: AbortSignal): Promise<Ec2Role> {
  return parseEc2Role(await readMetadata(service, metadata, signal));
}

/** Reads its documents ("Retrieve security credentials from instance metadata" of EC2's guide). Pure. */
export function parseEc2Role(found: SeedDocuments): Ec2Role {
  const region = wordOf(found, 'region');
  const json = jsonOf(found, 'credentials', []);
  const { Code, AccessKeyId, SecretAccessKey, Token, Expiration } = json;
  const texts = [AccessKeyId, SecretAccessKey, Token];
  const endsAt = Date.parse(String(Expiration));
  const isRegion = region !== undefined && /^[a-z0-9-]+$/.test(region);
  if (Code !== 'Success' || !texts.every((text) => typeof text === 'string') || Number.isNaN(endsAt))
    return isRegion ? { region } : {};
  const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = texts;
  return { ...(isRegion ? { region } : {}), credentials: { accessKeyId, secretAccessKey, sessionToken }, endsAt };
}

/** An instance has one role at most. */
function roleIn(found: SeedDocuments): string | undefined {
  const name = wordOf(found, 'roles')?.split('\n')[0]?.trim();
  return name !== undefined && /^[\w+=,.@-]+$/.test(name) ? name : undefined;
}
