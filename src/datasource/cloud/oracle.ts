import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { cloud, required } from './cloud.ts';
import { at, decoded, jsonOf, parsedSeed, without } from './parsed-seed.ts';

/** Oracle Cloud: version 2 of its service wants a header, version 1 is asked where that is all there is. */
export const oracle = cloud({
  id: 'oracle',
  title: 'Oracle Cloud',
  matches: ({ dmi }) => dmi.chassis_asset_tag === 'OracleCloud.com',
  service: {
    endpoints: ['http://169.254.169.254', 'http://[fd00:c1::a9fe:a9fe]'],
    headers: { Authorization: 'Bearer Oracle' },
    documents: { 'meta-data': required('/opc/v2/instance/', '/opc/v1/instance/') },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  const given = at(meta, 'metadata');
  return parsedSeed({
    instanceId: meta['id'],
    hostname: meta['hostname'] ?? meta['displayName'],
    publicKeys: given['ssh_authorized_keys'],
    availabilityZone: meta['ociAdName'] ?? meta['availabilityDomain'],
    userData: decoded(given['user_data']),
    raw: { ...meta, metadata: without(given, 'user_data') },
    diagnostics,
  });
}
