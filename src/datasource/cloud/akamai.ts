import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { cloud, optional, required } from './cloud.ts';
import { at, decoded, jsonOf, parsedSeed, wordOf } from './parsed-seed.ts';

const json = { headers: { Accept: 'application/json' } };

/** Akamai (Linode): a token first, then documents; user-data in base64. */
export const akamai = cloud({
  id: 'akamai',
  title: 'Akamai Connected Cloud',
  matches: ({ dmi }) => dmi.sys_vendor === 'Akamai' || dmi.sys_vendor === 'Linode',
  service: {
    endpoints: ['http://169.254.169.254', 'http://[fd00:a9fe:a9fe::1]'],
    token: {
      path: '/v1/token',
      headers: { 'Metadata-Token-Expiry-Seconds': '300' },
      header: 'Metadata-Token',
    },
    documents: {
      'meta-data': { ...required('/v1/instance'), ...json },
      'ssh-keys': { ...optional('/v1/ssh-keys'), ...json },
      'user-data': optional('/v1/user-data'),
    },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  return parsedSeed({
    instanceId: meta['id'],
    hostname: meta['label'],
    publicKeys: at(jsonOf(found, 'ssh-keys', diagnostics), 'users'),
    availabilityZone: meta['region'],
    userData: decoded(wordOf(found, 'user-data')),
    raw: meta,
    diagnostics,
  });
}
