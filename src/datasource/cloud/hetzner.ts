import { isMapping } from '../../config/shape.ts';
import { readYaml } from '../../config/yaml-source.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import { readMapping } from '../meta-data.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import { textOf } from '../seed-problem.ts';
import { cloud, optional, required } from './cloud.ts';
import { bytesOf, type Json, mappings, parsedSeed, without } from './parsed-seed.ts';

/** Hetzner Cloud: two documents, over IPv4, or over IPv6 link-local for machines that have nothing else. */
export const hetzner = cloud({
  id: 'hetzner',
  title: 'Hetzner Cloud',
  matches: ({ dmi }) => dmi.sys_vendor === 'Hetzner',
  service: {
    endpoints: ['http://169.254.169.254', 'http://[fe80::a9fe:a9fe%link]'],
    documents: {
      'meta-data': required('/hetzner/v1/metadata'),
      'private-networks': optional('/hetzner/v1/metadata/private-networks'),
      'user-data': optional('/hetzner/v1/userdata'),
    },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const bytes = found.get('meta-data') ?? new Uint8Array();
  const meta = readMapping('meta-data', bytes, (diagnostic) => diagnostics.push(diagnostic)) ?? {};
  return parsedSeed({
    instanceId: meta['instance-id'],
    hostname: meta['hostname'],
    publicKeys: meta['public-keys'],
    availabilityZone: meta['availability-zone'],
    userData: found.get('user-data'),
    vendorData: bytesOf(meta['vendor_data']),
    networkConfig: networkOf(meta['network-config'], privateNetworks(found)),
    raw: without(meta, 'vendor_data', 'network-config', 'network-sysconfig'),
    diagnostics,
  });
}

/** A list in YAML; a machine that is in none has an empty one. */
function privateNetworks(found: SeedDocuments): Json[] {
  const { data } = readYaml(textOf(found.get('private-networks') ?? new Uint8Array()), { rulesOf: () => 'cloud-init' });
  return mappings(data);
}

/** Version 1, whose static subnets may lack their type and say their family in its place, and the devices that it leaves out: DHCP answers on them. */
function networkOf(value: unknown, inner: readonly Json[]): NetworkText | undefined {
  if (!isMapping(value)) return undefined;
  const config = mappings(value['config']).map((device) => {
    if (!Array.isArray(device['subnets'])) return device;
    const subnets = mappings(device['subnets']).map((subnet) => ({
      type: 'address' in subnet ? 'static' : 'dhcp',
      ...without(subnet, 'ipv4', 'ipv6'),
    }));
    return { ...device, subnets };
  });
  const more = inner.map(({ mac_address }, index) => ({
    ...{ type: 'physical', name: `net${index + 1}`, mac_address },
    subnets: [{ type: 'dhcp' }],
  }));
  return { text: JSON.stringify({ ...value, config: [...config, ...more] }, null, 1), format: 'cloud-init' };
}
