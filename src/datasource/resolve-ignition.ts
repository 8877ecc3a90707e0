import { openContent } from '../config/content.ts';
import { ignition } from '../config/dialects/ignition/ignition.ts';
import type { Resource } from '../config/dialects/ignition/model.ts';
import { closeReferences, type Reference, referencesIn } from '../config/dialects/ignition/references.ts';
import { decodeDataUrl } from '../config/go/data-url.ts';
import { BerthError } from '../core/errors.ts';
import { shownUrl } from './inline-seed.ts';
import type { Fetcher } from './seed-ports.ts';

/** Configs that one config may lead to, and how deep. */
const maxReferences = 100;
const maxDepth = 10;

/** True when a text is an Ignition config that refers to configs on servers, however deep. Pure. */
export function ignitionNeedsNetwork(text: string, depth = 0): boolean {
  if (!ignition.recognises(text) || depth >= maxDepth) return false;
  return referencesIn(text).some(({ resource }) => {
    const given = givenText(resource);
    return given === undefined ? isOnServer(resource) : ignitionNeedsNetwork(given, depth + 1);
  });
}

/**
 * An Ignition config with the configs that it refers to in it, as `data:` URLs: it is complete without a network. Any other text
 * comes back as it is, and so does a reference that is not followed: reading the config tells why.
 * Throws CONFIG_INVALID when a config is not there or not what was meant; what the fetcher throws.
 */
export async function resolveIgnition(text: string, fetcher: Fetcher, signal: AbortSignal): Promise<string> {
  return await new Resolver(fetcher, signal).resolve(text, 0);
}

class Resolver {
  readonly #fetcher: Fetcher;
  readonly #signal: AbortSignal;
  #count = 0;

  constructor(fetcher: Fetcher, signal: AbortSignal) {
    this.#fetcher = fetcher;
    this.#signal = signal;
  }

  async resolve(text: string, depth: number): Promise<string> {
    if (!ignition.recognises(text) || depth >= maxDepth) return text;
    const found = new Map<Reference, Uint8Array>();
    for (const reference of referencesIn(text)) {
      const { resource } = reference;
      const given = givenText(resource);
      const other = given ?? (isOnServer(resource) ? await this.#fetch(resource) : undefined);
      if (other === undefined) continue;
      const resolved = await this.resolve(other, depth + 1);
      if (given === undefined || resolved !== given) found.set(reference, Buffer.from(resolved));
    }
    return closeReferences(text, found);
  }

  async #fetch({ source = '', compression = '', httpHeaders = [], verification }: Resource): Promise<string> {
    this.#count += 1;
    if (this.#count > maxReferences) throw invalid(source, `the config leads to more than ${maxReferences} others`);
    const headers = Object.fromEntries(httpHeaders.map(({ name = '', value = '' }) => [name, value]));
    const bytes = await this.#fetcher.get(source, this.#signal, headers);
    if (bytes === undefined) throw invalid(source, 'there is no config');
    const opened = openContent(bytes, { compression, ...verification });
    if (opened.kind !== 'bytes') throw invalid(source, opened.why);
    return opened.bytes.toString('utf8');
  }
}

function isOnServer({ source = '' }: Resource): boolean {
  return /^https?:/i.test(source);
}

/** The text of a config in a `data:` URL. */
function givenText({ source = '', compression = '', verification }: Resource): string | undefined {
  const bytes = decodeDataUrl(source);
  const opened = bytes === undefined ? undefined : openContent(bytes, { compression, ...verification });
  return opened?.kind === 'bytes' ? opened.bytes.toString('utf8') : undefined;
}

function invalid(source: string, why: string): BerthError {
  return new BerthError('CONFIG_INVALID', `${shownUrl(source)}: ${why}; nothing was changed`);
}
