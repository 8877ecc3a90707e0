import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import type { BootOutcome, ParsedSeed } from '../datasource.ts';
import { textValue } from '../meta-data.ts';
import { type MetadataService, readMetadata } from '../metadata-service.ts';
import type { NetworkText, SeedDocuments } from '../seed-documents.ts';
import type { MetadataServices } from '../seed-ports.ts';
import { cloud, optional, required } from './cloud.ts';
import { at, type Json, jsonOf, mappings, parsedSeed, without } from './parsed-seed.ts';
import { deviceSettings, networkText } from './static-network.ts';

const service: MetadataService = {
  endpoints: ['https://metadata.platformequinix.com'],
  documents: { 'meta-data': required('/metadata'), 'user-data': optional('/userdata') },
};

/** Equinix Metal (Packet): real machines, whose firmware does not name it; `berth.datasource=equinix` does. */
export const equinix = cloud({
  id: 'equinix',
  title: 'Equinix Metal',
  matches: () => false,
  service,
  parse,
  report,
});

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const meta = jsonOf(found, 'meta-data', diagnostics);
  return parsedSeed({
    instanceId: meta['id'],
    hostname: meta['hostname'],
    publicKeys: meta['ssh_keys'],
    availabilityZone: meta['facility'],
    userData: found.get('user-data'),
    networkConfig: networkOf(at(meta, 'network')),
    raw: without(meta, 'bgp_neighbors', 'iscsi'),
    diagnostics,
  });
}

/** Linux' names of the modes, by their number (Documentation/networking/bonding.rst). */
const modes = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb'];
/** Where private addresses lead. */
const privateNetwork = '10.0.0.0/8';

/** The ports make one bond, which has the machine's own addresses; others are its user's to route. */
function networkOf(network: Json): NetworkText | undefined {
  const ports = mappings(network['interfaces']).filter((port) => textValue(port['bond']) === 'bond0');
  const mode = modes[Number(at(network, 'bonding')['mode'])];
  const addresses = mappings(network['addresses']).filter((one) => one['management'] === true);
  if (ports.length === 0 || mode === undefined || addresses.length === 0) return undefined;
  const ethernets = ports.map((port, index) => [`port${index}`, { match: { macaddress: port['mac'] } }]);
  const out = addresses.map(({ address, cidr, gateway, public: isPublic }) => ({
    ...{ address, mask: cidr },
    ...(isPublic === true ? { gateway } : {}),
  }));
  const settings = deviceSettings({ addresses: out, nameservers: ['147.75.207.207', '147.75.207.208'] });
  const inner = addresses.find((one) => one['public'] !== true && textValue(one['gateway']) !== undefined);
  const routes = [
    ...((settings['routes'] as unknown[] | undefined) ?? []),
    ...(inner === undefined ? [] : [{ to: privateNetwork, via: inner['gateway'] }]),
  ];
  const parameters = { mode, 'mii-monitor-interval': 100, ...(mode === '802.3ad' ? { 'lacp-rate': 'fast' } : {}) };
  const bond0 = { interfaces: ports.map((_, index) => `port${index}`), parameters, ...settings, routes };
  return networkText({ ethernets: Object.fromEntries(ethernets), bonds: { bond0 } });
}

/** The service names the place that wants to hear; only one of Equinix' own is told. */
async function report(outcome: BootOutcome, metadata: MetadataServices, signal: AbortSignal): Promise<void> {
  const meta = jsonOf(await readMetadata(service, metadata, signal), 'meta-data', []);
  const url = textValue(meta[outcome.kind === 'ready' ? 'phone_home_url' : 'user_state_url']);
  if (url === undefined || !/^https?:\/\/([\w-]+\.)+(packet\.net|platformequinix\.com)\//.test(url)) return;
  const body =
    outcome.kind === 'ready' ? { instance_id: meta['id'] } : { state: 'failed', code: 1042, message: outcome.why };
  const headers = { 'content-type': 'application/json' };
  const { status } = await metadata.ask({ method: 'POST', url, headers, body: JSON.stringify(body) }, signal);
  if (status < 200 || status >= 300)
    throw new BerthError('DATASOURCE_UNREACHABLE', `the platform answered ${status} to the report`, {
      retryable: true,
    });
}
