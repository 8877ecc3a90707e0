import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import { cloud, required } from './cloud.ts';
import { at, bytesOf, type Json, jsonOf, mappings, parsedSeed, without } from './parsed-seed.ts';
import { networkText, type StaticDevice, staticNetwork } from './static-network.ts';

/** DigitalOcean: one document with everything in it. */
export const digitalOcean = cloud({
  id: 'digitalocean',
  title: 'DigitalOcean',
  matches: ({ dmi }) => dmi.sys_vendor === 'DigitalOcean',
  service: {
    endpoints: ['http://169.254.169.254'],
    // Most machines have no DHCP; link-local addresses are each machine's own, so any will do.
    network: networkText({
      ethernets: { public: { match: { name: 'eth0' }, dhcp4: true, addresses: ['169.254.20.20/16'] } },
    }),
    documents: { 'meta-data': required('/metadata/v1.json') },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  return parsedSeed({
    instanceId: meta['droplet_id'],
    hostname: meta['hostname'],
    publicKeys: meta['public_keys'],
    availabilityZone: meta['region'],
    userData: bytesOf(meta['user_data']),
    vendorData: bytesOf(meta['vendor_data']),
    networkConfig: networkOf(meta),
    raw: without(meta, 'user_data', 'vendor_data', 'auth_key'),
    diagnostics,
  });
}

/** Where DHCP answers, it says the same of the public device. */
function networkOf(meta: Json): NetworkText | undefined {
  const nameservers = at(meta, 'dns')['nameservers'];
  const devices = (kind: string): StaticDevice[] =>
    mappings(at(meta, 'interfaces')[kind]).map((device) => ({
      mac: device['mac'],
      addresses: ['ipv4', 'ipv6', 'anchor_ipv4', 'anchor_ipv6'].map((family) => {
        const { ip_address: address, netmask, cidr, gateway } = at(device, family);
        // Only the public network leads out, and an anchor is not an address to speak from.
        const isWayOut = kind === 'public' && !family.startsWith('anchor');
        return { address, mask: netmask ?? cidr, ...(isWayOut ? { gateway } : {}) };
      }),
      ...(kind === 'public' ? { nameservers } : {}),
    }));
  return staticNetwork([...devices('public'), ...devices('private')]);
}
