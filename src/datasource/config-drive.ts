import type { Diagnostic } from '../core/diagnostic.ts';
import type { Datasource, MetaData, ParsedSeed } from './datasource.ts';
import { deviceLabelled } from './host-facts.ts';
import { publicKeysOf, readMapping, textValue } from './meta-data.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';
import { seedProblem, textOf } from './seed-problem.ts';

const label = 'config-2';
const documents = [
  'meta_data.json',
  'user_data',
  'vendor_data.json',
  'vendor_data2.json',
  'network_data.json',
] as const;
const directory = 'openstack/latest';

/** OpenStack's config drive: a disk labelled `config-2`. */
export const configDrive: Datasource = {
  id: 'config-drive',
  title: 'OpenStack config drive (disk labelled config-2)',
  matches: (facts) => deviceLabelled(facts, label) !== undefined,
  origin: (facts) => `${deviceLabelled(facts, label)?.path ?? 'no disk'} (${label})`,
  async fetch(facts, { devices }, signal) {
    const device = deviceLabelled(facts, label);
    if (device === undefined) return new Map();
    const found = await devices.read(
      device,
      documents.map((name) => `${directory}/${name}`),
      signal,
    );
    return new Map([...found].map(([path, bytes]) => [path.slice(directory.length + 1), bytes]));
  },
  parse: (found) => parseOpenStack(found),
};

/** What OpenStack's documents say, wherever they come from. Pure. */
export function parseOpenStack(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const read = (name: string): Readonly<Record<string, unknown>> | undefined => {
    const bytes = found.get(name);
    return bytes === undefined ? undefined : readMapping(name, bytes, (diagnostic) => diagnostics.push(diagnostic));
  };
  const meta = read('meta_data.json') ?? {};
  if (found.size === 0)
    diagnostics.push(seedProblem('meta_data.json', 'error', 'empty', `there is nothing in ${directory}`));
  if (Array.isArray(meta['files']) && meta['files'].length > 0)
    diagnostics.push(
      seedProblem(
        'meta_data.json',
        'warning',
        'unsupported',
        '"files" has no effect',
        'use write_files in the user-data',
      ),
    );
  if (meta['network_config'] !== undefined)
    diagnostics.push(
      seedProblem(
        'meta_data.json',
        'warning',
        'unsupported',
        '"network_config" names a file for ifupdown, which has no effect',
        'Proxmox VE: choose the cloud-init type nocloud; else give network_data.json',
      ),
    );
  const instanceId = textValue(meta['uuid']);
  const userData = found.get('user_data');
  const vendorData = vendorText([...vendorTexts(read('vendor_data.json')), ...vendorTexts(read('vendor_data2.json'))]);
  const networkConfig = networkText(found.get('network_data.json'));
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData: new TextEncoder().encode(vendorData) }),
    metaData: metaDataOf(meta),
    ...(networkConfig === undefined ? {} : { networkConfig }),
    diagnostics,
  };
}

function metaDataOf(meta: Readonly<Record<string, unknown>>): MetaData {
  const hostname = textValue(meta['hostname']) ?? textValue(meta['name']);
  const availabilityZone = textValue(meta['availability_zone']);
  // What an administrator chose as root's password has no place in templates and dumps.
  const raw = Object.fromEntries(Object.entries(meta).filter(([key]) => key !== 'admin_pass' && key !== 'random_seed'));
  return {
    ...(hostname === undefined ? {} : { hostname }),
    publicKeys: publicKeysOf(meta['public_keys']),
    ...(availabilityZone === undefined ? {} : { availabilityZone }),
    raw,
  };
}

/** cloud-init's part of the vendor's data, a text or a list of them; the rest is for other programs. */
function vendorTexts(vendor: Readonly<Record<string, unknown>> | undefined): string[] {
  const part = vendor?.['cloud-init'];
  return (Array.isArray(part) ? (part as unknown[]) : [part]).flatMap((text) => textValue(text) ?? []);
}

/** Several texts as one, the later over the earlier. */
function vendorText(texts: readonly string[]): string | undefined {
  return texts.length < 2 ? texts[0] : `#cloud-config-archive\n${JSON.stringify(texts)}\n`;
}

/** A config drive without networks leaves the network to DHCP. */
function networkText(bytes: Uint8Array | undefined): NetworkText | undefined {
  if (bytes === undefined) return undefined;
  const text = textOf(bytes);
  return /"links"\s*:\s*\[\s*\]/.test(text) || text.trim() === '' ? undefined : { text, format: 'openstack' };
}
