import type { Diagnostic } from '../../core/diagnostic.ts';
import { BerthError } from '../../core/errors.ts';
import type { Datasource, ParsedSeed } from '../datasource.ts';
import type { HostFacts } from '../host-facts.ts';
import { shownUrl } from '../inline-seed.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { seedProblem } from '../seed-problem.ts';
import { guestDocument, guestText, guestValue, parseGuestSeed } from './guest-seed.ts';
import { guestInfoConfigs, guestInfoPrefix, guestInfoUrls, ovfEnvironmentName } from './guest-value-names.ts';
import { ovfProperties } from './ovf-properties.ts';

/** VMware's guestinfo: values that a VM's owner sets for it, of cloud-init's, Ignition's and CoreOS' names, and vApp properties. */
export const vmware: Datasource = {
  id: 'vmware',
  title: 'VMware guestinfo',
  matches: (facts) => placeOf(facts) !== undefined,
  origin: (facts) => placeOf(facts) ?? `${guestInfoPrefix}userdata`,
  async fetch({ guestValues }, { guest, network, fetcher }, signal) {
    const documents = new Map<string, Uint8Array>();
    for (const name of guestValues.filter((value) => value.startsWith(guestInfoPrefix))) {
      documents.set(name.slice(guestInfoPrefix.length), await guestDocument(guest, name, signal));
    }
    const url = guestInfoUrls.map((name) => guestText(documents, name)?.trim()).find((text) => text !== undefined);
    if (url === undefined || configOf(documents) !== undefined) return documents;
    if (!/^https?:\/\//i.test(url))
      throw new BerthError('DATASOURCE_UNREADABLE', `${shownUrl(url)} is not an http or https URL`);
    await network(undefined, signal);
    const bytes = await fetcher.get(url, signal);
    if (bytes === undefined) throw new BerthError('DATASOURCE_UNREADABLE', `there is no document at ${shownUrl(url)}`);
    return new Map([...documents, ['coreos.config.data', bytes]]);
  },
  parse,
};

/** What of it makes a config; a host name or an encoding by itself does not. */
const telling: readonly string[] = [
  'metadata',
  ...guestInfoConfigs,
  'vendordata',
  ...guestInfoUrls,
  ovfEnvironmentName,
];

function placeOf({ guestValues }: HostFacts): string | undefined {
  return telling.map((name) => `${guestInfoPrefix}${name}`).find((name) => guestValues.includes(name));
}

function configOf(found: SeedDocuments): string | undefined {
  return guestInfoConfigs.find((name) => guestText(found, name) !== undefined);
}

function parse(given: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const ovf = ovfProperties(guestText(given, ovfEnvironmentName) ?? '', diagnostics);
  const encoder = new TextEncoder();
  const properties = [...ovf.values].map(([name, value]) => [name, encoder.encode(value)] as const);
  // What was set for this very machine goes before its template's; CoreOS has a name of its own for one encoding.
  const own = [...given].map(([name, bytes]) => [name.replace('-init.data.', '-init.config.data.'), bytes] as const);
  const isOwn = (name: string): boolean => own.some(([set]) => set === name.replace(/\.encoding$/, ''));
  const found = new Map([...properties.filter(([name]) => !isOwn(name)), ...own]);
  const config = configOf(found);
  for (const name of guestInfoConfigs.filter((other) => other !== config && guestText(found, other) !== undefined))
    diagnostics.push(seedProblem(name, 'warning', 'unsupported', `has no effect: ${config ?? ''} is there as well`));
  const userData = config === undefined ? undefined : guestValue(found, config, diagnostics);
  const hostname = guestText(found, 'hostname');
  return parseGuestSeed(found, userData, { ...(hostname === undefined ? {} : { hostname }), ...ovf.meta }, diagnostics);
}
