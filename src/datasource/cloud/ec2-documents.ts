import type { ParsedSeed } from '../datasource.ts';
import type { MetadataDocument } from '../metadata-service.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { textOf } from '../seed-problem.ts';
import { optional, required } from './cloud.ts';
import { parsedSeed, wordOf } from './parsed-seed.ts';

/** What is asked of a service that is made as Amazon's is, by the names of its documents. */
export interface Ec2Names {
  /** `/latest`. */
  readonly root: string;
  /** Below `meta-data/`, beside those that all have. */
  readonly more?: readonly string[];
  /** Where the availability zone stands below `meta-data/`. */
  readonly zone: string;
}

const common = ['local-hostname', 'hostname', 'instance-type', 'local-ipv4', 'public-ipv4', 'public-hostname'] as const;
const keyPrefix = 'public-keys/';

/** The documents of such a service. Pure. */
export function ec2Documents({ root, more = [], zone }: Ec2Names): Record<string, MetadataDocument> {
  const below = (name: string): string => `${root}/meta-data/${name}`;
  return {
    'instance-id': required(below('instance-id')),
    ...Object.fromEntries([...common, zone, ...more].map((name) => [name, optional(below(name))])),
    // Not every service of the kind has it as a directory.
    'public-keys': optional(below('public-keys/'), below('public-keys')),
    'user-data': optional(`${root}/user-data`),
  };
}

/** The keys, which the list of them names as `0=name`; some services give the keys themselves in its place. Pure. */
export function ec2Keys(root: string): (found: SeedDocuments) => Record<string, MetadataDocument> {
  return (found) => {
    const numbers = linesOf(found, 'public-keys').flatMap((line) => /^(\d{1,3})=/.exec(line)?.[1] ?? []);
    return Object.fromEntries(
      numbers.map((number) => [
        `${keyPrefix}${number}`,
        required(`${root}/meta-data/${keyPrefix}${number}/openssh-key`),
      ]),
    );
  };
}

/** What such documents say. Pure. */
export function parseEc2(found: SeedDocuments, { zone }: Ec2Names): ParsedSeed {
  const names = [...found.keys()].filter((name) => name !== 'user-data' && !name.startsWith('public-keys'));
  const raw = Object.fromEntries(names.map((name) => [name, wordOf(found, name) ?? '']));
  const named = [...found.keys()].filter((name) => name.startsWith(keyPrefix)).map((name) => wordOf(found, name) ?? '');
  const direct = linesOf(found, 'public-keys').filter((line) => !/^\d{1,3}=/.test(line));
  return parsedSeed({
    instanceId: raw['instance-id'],
    hostname: raw['local-hostname'] ?? raw['hostname'],
    publicKeys: [...named, ...direct],
    availabilityZone: raw[zone],
    userData: found.get('user-data'),
    raw,
  });
}

function linesOf(found: SeedDocuments, name: string): string[] {
  const bytes = found.get(name);
  return bytes === undefined ? [] : textOf(bytes).split('\n').filter(Boolean);
}
