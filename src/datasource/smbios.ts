import type { Datasource } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';
import { fetchInlineSeed, type InlineSeed, shownUrl } from './inline-seed.ts';
import { parseNoCloud } from './nocloud.ts';

/** A config in the firmware's OEM strings (SMBIOS type 11): itself or its URL. */
export const smbios: Datasource = {
  id: 'smbios',
  title: 'SMBIOS OEM strings (io.berth.config=, io.berth.config.url=)',
  matches: (facts) => {
    const { config, url } = seedOf(facts);
    return config !== undefined || url !== undefined;
  },
  origin: (facts) => {
    const { config, url } = seedOf(facts);
    return config === undefined && url !== undefined ? shownUrl(url) : 'SMBIOS OEM strings';
  },
  fetch: (facts, ports, signal) => fetchInlineSeed(seedOf(facts), ports, signal),
  parse: (documents, facts) => parseNoCloud(documents, facts),
};

function seedOf(facts: HostFacts): InlineSeed {
  const [config, url, network] = ['io.berth.config', 'io.berth.config.url', 'io.berth.network'].map((name) =>
    valueOf(facts, name),
  );
  return {
    ...(config === undefined ? {} : { config: new TextEncoder().encode(config) }),
    ...(url === undefined ? {} : { url }),
    ...(network === undefined ? {} : { network }),
  };
}

/** A long value may stand in several strings of the same name: they are put together in order. */
function valueOf({ oemStrings }: HostFacts, name: string): string | undefined {
  const parts = oemStrings.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  const value = parts.join('');
  return value === '' ? undefined : value;
}
