import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import { cloud, required } from './cloud.ts';
import { at, bytesOf, type Json, jsonOf, mappings, parsedSeed, without } from './parsed-seed.ts';
import { staticNetwork } from './static-network.ts';

/** UpCloud: one document with everything in it. */
export const upCloud = cloud({
  id: 'upcloud',
  title: 'UpCloud',
  matches: ({ dmi }) => dmi.sys_vendor === 'UpCloud',
  service: {
    endpoints: ['http://169.254.169.254'],
    documents: { 'meta-data': required('/metadata/v1.json') },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  return parsedSeed({
    instanceId: meta['instance_id'],
    hostname: meta['hostname'],
    publicKeys: meta['public_keys'],
    availabilityZone: meta['region'],
    userData: bytesOf(meta['user_data']),
    vendorData: bytesOf(meta['vendor_data']),
    networkConfig: networkOf(at(meta, 'network')),
    raw: without(meta, 'user_data', 'vendor_data'),
    diagnostics,
  });
}

function networkOf(network: Json): NetworkText | undefined {
  const devices = mappings(network['interfaces']).map((device) => {
    const all = mappings(device['ip_addresses']);
    const asks = (family: string): boolean => all.some((one) => one['dhcp'] === true && one['family'] === family);
    const fixed = all.filter((one) => one['dhcp'] !== true);
    return {
      mac: device['mac'],
      addresses: fixed.map(({ address, network: within, gateway }) => ({
        address,
        mask: typeof within === 'string' ? within.split('/')[1] : undefined,
        gateway,
      })),
      nameservers: fixed.flatMap(({ dns }) => (Array.isArray(dns) ? (dns as unknown[]) : [])),
      more: { dhcp4: asks('IPv4'), dhcp6: asks('IPv6') },
    };
  });
  return staticNetwork(devices);
}
