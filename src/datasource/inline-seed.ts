import { BerthError } from '../core/errors.ts';
import type { SeedDocuments } from './seed-documents.ts';
import type { SeedPorts } from './seed-ports.ts';
import { textOf } from './seed-problem.ts';
import { unpack } from './unpack.ts';

/** A config given in a few words: the text itself, or where it is. */
export interface InlineSeed {
  /** The config itself. */
  readonly config?: Uint8Array;
  /** Where the config is. */
  readonly url?: string;
  /** Network configuration, base64, gzip or not: how to get to the URL, too. */
  readonly network?: string;
}

/** The documents of such a seed. */
export async function fetchInlineSeed(seed: InlineSeed, ports: SeedPorts, signal: AbortSignal): Promise<SeedDocuments> {
  const documents = new Map<string, Uint8Array>();
  if (seed.network !== undefined) documents.set('network-config', decoded('network-config', seed.network));
  if (seed.config !== undefined) documents.set('user-data', seed.config);
  else if (seed.url !== undefined) documents.set('user-data', await remote(seed.url, documents, ports, signal));
  return documents;
}

async function remote(url: string, local: SeedDocuments, ports: SeedPorts, signal: AbortSignal): Promise<Uint8Array> {
  if (!/^https?:\/\//i.test(url))
    throw new BerthError('DATASOURCE_UNREADABLE', 'the config URL is not an http or https URL');
  const network = local.get('network-config');
  await ports.network(network === undefined ? undefined : { text: textOf(network), format: 'cloud-init' }, signal);
  const bytes = await ports.fetcher.get(url, signal);
  if (bytes !== undefined) return bytes;
  throw new BerthError('DATASOURCE_UNREADABLE', 'there is no document at the config URL', {
    hint: 'the server answered 404',
  });
}

function decoded(document: string, text: string): Uint8Array {
  const unpacked = unpack(document, new TextEncoder().encode(text));
  if (unpacked.kind === 'unpacked') return unpacked.data;
  throw new BerthError('DATASOURCE_UNREADABLE', `${document} ${unpacked.diagnostic.message}`);
}

/** What of a URL may be shown: no user, password or query, since these may be secrets. Pure. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/, '');
}
