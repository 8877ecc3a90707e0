import type { Datasource } from './datasource.ts';
import { type HostFacts, kernelArgument } from './host-facts.ts';
import { fetchInlineSeed, type InlineSeed, shownUrl } from './inline-seed.ts';
import { parseNoCloud } from './nocloud.ts';

/** Arguments that name a URL of a config, most wanted first: Berth's own, cloud-init's, Ignition's. */
const urlArguments = ['berth.config.url', 'cloud-config-url', 'ignition.config.url'] as const;

/** A config on the kernel command line: itself, its URL, or cloud-init's `cc: … end_cc`. */
export const kernelCommandLine: Datasource = {
  id: 'cmdline',
  title: 'kernel command line (berth.config=, berth.config.url=, cc: … end_cc)',
  matches: (facts) => {
    const { config, url } = seedOf(facts);
    return config !== undefined || url !== undefined;
  },
  origin: (facts) => {
    const { config, url } = seedOf(facts);
    return config === undefined && url !== undefined ? shownUrl(url) : 'kernel command line';
  },
  fetch: (facts, ports, signal) => fetchInlineSeed(seedOf(facts), ports, signal),
  parse: (documents, facts) => parseNoCloud(documents, facts),
};

function seedOf({ cmdline }: HostFacts): InlineSeed {
  const inline = kernelArgument(cmdline, 'berth.config') ?? cloudConfigOf(cmdline);
  const url = urlArguments
    .map((name) => kernelArgument(cmdline, name))
    .find((value) => value !== undefined && value !== '');
  const network = kernelArgument(cmdline, 'berth.network') ?? kernelArgument(cmdline, 'network-config');
  return {
    ...(inline === undefined || inline === '' ? {} : { config: new TextEncoder().encode(inline) }),
    ...(url === undefined ? {} : { url }),
    ...(network === undefined || network === '' || network === 'disabled' ? {} : { network }),
  };
}

/**
 * cloud-init's `cc:` up to `end_cc` or the end, as often as it stands there: YAML with `\n` for a line's end, percent-encoded
 * or not (read_cc_from_cmdline). It has no header of its own. Pure.
 */
export function cloudConfigOf(cmdline: string): string | undefined {
  const parts = [...cmdline.matchAll(/(?:^|\s)cc:(.*?)(?:end_cc|$)/gs)].map(([, part = '']) => part.trimStart());
  if (parts.length === 0) return undefined;
  const text = parts.map((part) => percentDecoded(part).replaceAll('\\n', '\n')).join('\n');
  return /^#/.test(text) ? text : `#cloud-config\n${text.trimEnd()}\n`;
}

function percentDecoded(text: string): string {
  return text.replace(/(%[0-9A-Fa-f]{2})+/g, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
}
