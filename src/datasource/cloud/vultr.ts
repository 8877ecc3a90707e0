import { isMapping } from '../../config/shape.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import { kernelArgument } from '../host-facts.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import { cloud, required } from './cloud.ts';
import { at, bytesOf, jsonOf, mappings, parsedSeed, without } from './parsed-seed.ts';
import { staticNetwork } from './static-network.ts';

/** Vultr: one document with everything in it. Machines of bare metal have a word on the kernel command line. */
export const vultr = cloud({
  id: 'vultr',
  title: 'Vultr',
  matches: ({ dmi, cmdline }) => dmi.sys_vendor === 'Vultr' || kernelArgument(cmdline, 'vultr') === '',
  service: {
    endpoints: ['http://169.254.169.254'],
    headers: { 'Metadata-Token': 'cloudinit' },
    documents: { 'meta-data': required('/v1.json') },
  },
  parse,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  return parsedSeed({
    instanceId: meta['instance-v2-id'] ?? meta['instance-id'] ?? meta['instanceid'],
    hostname: meta['local-hostname'] ?? meta['hostname'],
    publicKeys: meta['public-keys'],
    availabilityZone: at(meta, 'region')['regioncode'],
    userData: bytesOf(meta['user-data']),
    vendorData: bytesOf(meta['vendor-data']),
    networkConfig: networkOf(meta['interfaces']),
    raw: without(meta, 'user-data', 'vendor-data', 'startup-script', 'raid1-script', 'root-password'),
    diagnostics,
  });
}

/** The first device asks by DHCP, whatever it has besides; nobody answers on the others. */
function networkOf(interfaces: unknown): NetworkText | undefined {
  const [first, ...others] = mappings(interfaces).filter((device) => device['unconfigured'] !== true);
  if (first === undefined) return undefined;
  const extra = [
    ...mappings(at(first, 'ipv4')['additional']).map(({ address, netmask }) => ({ address, mask: netmask })),
    ...mappings(at(first, 'ipv6')['additional']).map(({ network, prefix }) => ({ address: network, mask: prefix })),
  ];
  return staticNetwork([
    { mac: first['mac'], addresses: extra, more: { dhcp4: true, 'accept-ra': true } },
    ...others.filter(isMapping).map((device) => {
      const { address, netmask } = at(device, 'ipv4');
      return { mac: device['mac'], addresses: [{ address, mask: netmask }] };
    }),
  ]);
}
