import type { Diagnostic } from '../core/diagnostic.ts';
import { BerthError } from '../core/errors.ts';
import type { Datasource, MetaData, ParsedSeed } from './datasource.ts';
import { deviceLabelled, type HostFacts } from './host-facts.ts';
import { noMetaData, publicKeysOf, readMapping, textValue } from './meta-data.ts';
import { noCloudSelector, withFirmwareWords } from './nocloud-selector.ts';
import type { NetworkText, SeedDocuments } from './seed-documents.ts';
import type { SeedPorts } from './seed-ports.ts';
import { seedProblem, textOf } from './seed-problem.ts';

const names = ['user-data', 'meta-data', 'vendor-data', 'network-config'] as const;
const label = 'cidata';
/** cloud-init's places for a seed without a disk. */
export const noCloudDirectories = ['/var/lib/cloud/seed/nocloud', '/var/lib/cloud/seed/nocloud-net'] as const;

/** cloud-init's NoCloud: a disk labelled `cidata`, a directory, or a URL named by `ds=nocloud;s=…`. */
export const noCloud: Datasource = {
  id: 'nocloud',
  title: 'NoCloud (disk labelled cidata, seed directory, or ds=nocloud;s=…)',
  matches: (facts) => placeOf(facts) !== undefined || noCloudSelector(facts) !== undefined,
  origin: (facts) => originOf(facts),
  fetch: fetchDocuments,
  parse: (documents, facts) => parseNoCloud(documents, facts),
};

type Place = { readonly kind: 'directory'; readonly path: string } | { readonly kind: 'disk'; readonly device: string };

/** Where the local part of the seed is: a directory goes before a disk, as in cloud-init. */
function placeOf(facts: HostFacts): Place | undefined {
  const path = noCloudDirectories.find((directory) =>
    names.some((name) => facts.seedFiles.includes(`${directory}/${name}`)),
  );
  if (path !== undefined) return { kind: 'directory', path };
  const device = deviceLabelled(facts, label);
  return device === undefined ? undefined : { kind: 'disk', device: device.path };
}

function originOf(facts: HostFacts): string {
  const seed = noCloudSelector(facts)?.seed;
  if (seed !== undefined)
    return withFirmwareWords(seed, facts.dmi)
      .replace(/\/\/[^/@]*@/, '//')
      .replace(/\?.*/, '');
  const place = placeOf(facts);
  if (place === undefined) return 'ds=nocloud';
  return place.kind === 'disk' ? `${place.device} (${label})` : place.path;
}

async function fetchDocuments(facts: HostFacts, ports: SeedPorts, signal: AbortSignal): Promise<SeedDocuments> {
  const local = await localDocuments(facts, ports, signal);
  const given = noCloudSelector(facts)?.seed ?? seedFrom(local);
  if (given === undefined) return local;
  const seed = withFirmwareWords(given, facts.dmi);
  if (!/^https?:\/\//i.test(seed))
    return new Map([...local, ...(await directoryDocuments(seed.replace(/^file:\/\//, ''), ports))]);
  // A local network-config says how to get to the rest.
  await ports.network(networkOf(local), signal);
  return new Map([...local, ...(await remoteDocuments(seed, ports, signal))]);
}

async function localDocuments(facts: HostFacts, ports: SeedPorts, signal: AbortSignal): Promise<SeedDocuments> {
  const place = placeOf(facts);
  if (place?.kind === 'directory') return directoryDocuments(place.path, ports);
  const device = deviceLabelled(facts, label);
  return device === undefined ? new Map() : ports.devices.read(device, names, signal);
}

/** The key `seedfrom` of a local meta-data: where the rest of the seed is. */
function seedFrom(documents: SeedDocuments): string | undefined {
  const bytes = documents.get('meta-data');
  return bytes === undefined ? undefined : textValue(readMapping('meta-data', bytes, () => undefined)?.['seedfrom']);
}

async function directoryDocuments(directory: string, { files }: SeedPorts): Promise<SeedDocuments> {
  const documents = new Map<string, Uint8Array>();
  for (const name of names) {
    const bytes = await files.read(`${directory.replace(/\/+$/, '')}/${name}`);
    if (bytes !== undefined) documents.set(name, bytes);
  }
  return documents;
}

async function remoteDocuments(seed: string, { fetcher }: SeedPorts, signal: AbortSignal): Promise<SeedDocuments> {
  const documents = new Map<string, Uint8Array>();
  for (const name of names) {
    const bytes = await fetcher.get(documentUrl(seed, name), signal);
    if (bytes !== undefined) documents.set(name, bytes);
  }
  if (!documents.has('user-data') && !documents.has('meta-data')) {
    throw new BerthError('DATASOURCE_UNREADABLE', 'the seed URL has neither user-data nor meta-data', {
      hint: 'ds=nocloud;s=URL names the directory that holds them',
    });
  }
  return documents;
}

/** cloud-init's `read_seeded`: `%s` stands for the name; else it comes behind the URL, which may end in a query. */
function documentUrl(seed: string, name: string): string {
  if (seed.includes('%s')) return seed.replaceAll('%s', name);
  return `${seed}${seed.endsWith('/') || seed.includes('?') ? '' : '/'}${name}`;
}

function networkOf(documents: SeedDocuments): NetworkText | undefined {
  const bytes = documents.get('network-config');
  return bytes === undefined ? undefined : { text: textOf(bytes), format: 'cloud-init' };
}

/** What NoCloud's four documents say. Pure. */
export function parseNoCloud(documents: SeedDocuments, facts: HostFacts): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const selector = noCloudSelector(facts);
  const bytes = documents.get('meta-data');
  const meta =
    bytes === undefined ? {} : (readMapping('meta-data', bytes, (diagnostic) => diagnostics.push(diagnostic)) ?? {});
  if (documents.size === 0 && selector === undefined)
    diagnostics.push(seedProblem('user-data', 'error', 'empty', 'the seed holds no document'));
  if ('network-interfaces' in meta) {
    const hint = 'write a network-config in version 2';
    diagnostics.push(seedProblem('meta-data', 'warning', 'unsupported', '"network-interfaces" has no effect', hint));
  }
  const instanceId = textValue(meta['instance-id']) ?? selector?.instanceId;
  const userData = documents.get('user-data');
  const vendorData = documents.get('vendor-data');
  const networkConfig = networkOf(documents);
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData }),
    metaData: metaDataOf(meta, selector?.hostname),
    ...(networkConfig === undefined ? {} : { networkConfig }),
    diagnostics,
  };
}

function metaDataOf(meta: Readonly<Record<string, unknown>>, fallback: string | undefined): MetaData {
  const hostname = textValue(meta['local-hostname']) ?? textValue(meta['hostname']) ?? fallback;
  const availabilityZone = textValue(meta['availability-zone']);
  return {
    ...noMetaData,
    ...(hostname === undefined ? {} : { hostname }),
    publicKeys: publicKeysOf(meta['public-keys'] ?? meta['public_keys']),
    ...(availabilityZone === undefined ? {} : { availabilityZone }),
    raw: meta,
  };
}
