import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import { kernelArgument } from '../host-facts.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { cloud, optional, required } from './cloud.ts';
import { at, jsonOf, mappings, parsedSeed } from './parsed-seed.ts';

/** Scaleway: user-data only for who asks from a port below 1024. */
export const scaleway = cloud({
  id: 'scaleway',
  title: 'Scaleway',
  matches: ({ dmi, cmdline }) => dmi.sys_vendor === 'Scaleway' || kernelArgument(cmdline, 'scaleway') === '',
  service: {
    endpoints: ['http://169.254.42.42', 'http://[fd00:42::42]'],
    documents: {
      'meta-data': required('/conf?format=json'),
      'user-data': { ...optional('/user_data/cloud-init'), isPrivileged: true },
      'vendor-data': { ...optional('/vendor_data/cloud-init'), isPrivileged: true },
    },
  },
  parse,
});

const keyTag = 'AUTHORIZED_KEY=';

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  const tags = Array.isArray(meta['tags']) ? meta['tags'].filter((tag) => typeof tag === 'string') : [];
  // A tag has no blanks.
  const tagged = tags
    .filter((tag) => tag.startsWith(keyTag))
    .map((tag) => tag.slice(keyTag.length).replaceAll('_', ' '));
  return parsedSeed({
    instanceId: meta['id'],
    hostname: meta['hostname'],
    publicKeys: [...mappings(meta['ssh_public_keys']).map(({ key }) => key), ...tagged],
    availabilityZone: at(meta, 'location')['zone_id'],
    userData: found.get('user-data'),
    vendorData: found.get('vendor-data'),
    raw: meta,
    diagnostics,
  });
}
