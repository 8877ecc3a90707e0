import { isCertificates } from '../config/certificates.ts';
import { openContent } from '../config/content.ts';
import { butane } from '../config/dialects/butane/butane.ts';
import { butaneReferencesIn, closeButaneReferences } from '../config/dialects/butane/references.ts';
import { ignition } from '../config/dialects/ignition/ignition.ts';
import type { Resource } from '../config/dialects/ignition/model.ts';
import {
  closeReferences,
  type Reference,
  type References,
  referencesIn,
} from '../config/dialects/ignition/references.ts';
import { decodeDataUrl } from '../config/go/data-url.ts';
import type { ConnectivityConfig } from '../config/host-config.ts';
import { isObjectUrl } from '../config/object-url.ts';
import { BerthError } from '../core/errors.ts';
import { shownUrl } from './inline-seed.ts';
import type { Fetcher } from './seed-ports.ts';

/** Documents that one config may lead to, and how deep. */
const maxReferences = 100;
const maxDepth = 10;

/** A language whose configs refer to others. */
interface ReferringLanguage {
  readonly recognises: (text: string) => boolean;
  readonly referencesIn: (text: string) => References;
  readonly close: (text: string, found: ReadonlyMap<Reference, Uint8Array>) => string;
}

/** A config that another one refers to may be Butane, too: Ignition translates it itself. */
const languages: readonly ReferringLanguage[] = [
  { recognises: ignition.recognises, referencesIn, close: closeReferences },
  { recognises: butane.recognises, referencesIn: butaneReferencesIn, close: closeButaneReferences },
];

/** True when a text is an Ignition or Butane config that refers to documents on servers, however deep. Pure. */
export function ignitionNeedsNetwork(text: string, depth = 0): boolean {
  const language = languageOf(text);
  if (language === undefined || depth >= maxDepth) return false;
  return language.referencesIn(text).list.some(({ kind, resource }) => {
    const given = givenBytes(resource);
    if (given === undefined) return isOnServer(resource);
    return kind === 'config' && ignitionNeedsNetwork(given.toString('utf8'), depth + 1);
  });
}

/**
 * An Ignition or Butane config with the configs and certificates that it refers to in it, as `data:` URLs: it is complete without
 * a network. Certificates are trusted for what is fetched after them. Any other text comes back as it is, and so does a reference
 * that is not followed: reading the config tells why.
 * Throws CONFIG_INVALID when a document is not there or not what was meant; what the fetcher throws.
 */
export async function resolveIgnition(text: string, fetcher: Fetcher, signal: AbortSignal): Promise<string> {
  return await new Resolver(fetcher, signal).resolve(text, 0);
}

class Resolver {
  readonly #fetcher: Fetcher;
  readonly #signal: AbortSignal;
  /** What configs that were read so far have to be trusted. */
  readonly #authorities: string[] = [];
  /** Certificates by their source: a config and those it refers to often name the same ones. */
  readonly #certificates = new Map<string, Buffer>();
  #proxy: ConnectivityConfig['proxy'] = { noProxy: [] };
  #count = 0;

  constructor(fetcher: Fetcher, signal: AbortSignal) {
    this.#fetcher = fetcher;
    this.#signal = signal;
  }

  async resolve(text: string, depth: number): Promise<string> {
    const language = languageOf(text);
    if (language === undefined || depth >= maxDepth) return text;
    const found = new Map<Reference, Uint8Array>();
    const { list: references, proxy } = language.referencesIn(text);
    this.#takeProxy(proxy);
    await this.#takeAuthorities(references, found);
    for (const reference of references.filter(({ kind }) => kind === 'config')) {
      const { resource } = reference;
      const given = givenBytes(resource)?.toString('utf8');
      const other = given ?? (isOnServer(resource) ? (await this.#fetch(resource)).toString('utf8') : undefined);
      if (other === undefined) continue;
      const resolved = await this.resolve(other, depth + 1);
      if (given === undefined || resolved !== given) found.set(reference, Buffer.from(resolved));
    }
    if (found.size === 0) return text;
    const closed = language.close(text, found);
    if (language.referencesIn(closed).list.length < references.length)
      throw new BerthError('CONFIG_INVALID', 'the config cannot be read with all in it that it refers to', {
        hint: 'it may be too long: give it as Ignition ("berth convert --to ignition")',
      });
    return closed;
  }

  /** A proxy holds for everything after it, the certificates beside it, too. */
  #takeProxy({ httpProxy: http, httpsProxy: https, noProxy = [] }: NonNullable<References['proxy']> = {}): void {
    this.#proxy = {
      ...this.#proxy,
      ...(http === undefined ? {} : { http }),
      ...(https === undefined ? {} : { https }),
      noProxy: [...this.#proxy.noProxy, ...noProxy],
    };
  }

  /** Those of one config are fetched with the trust that there was before it, all of them. */
  async #takeAuthorities(references: readonly Reference[], found: Map<Reference, Uint8Array>): Promise<void> {
    const taken: string[] = [];
    for (const reference of references.filter(({ kind }) => kind === 'authorities')) {
      const { resource } = reference;
      const { source = '' } = resource;
      const given = givenBytes(resource);
      if (given === undefined && !isOnServer(resource)) continue;
      const bytes = given ?? this.#certificates.get(source) ?? (await this.#fetch(resource));
      const text = bytes.toString('utf8');
      // One that was given is told of when the config is read.
      if (isCertificates(text)) taken.push(text);
      else if (given === undefined) throw invalid(source, 'there is no certificate in PEM form');
      if (given !== undefined) continue;
      this.#certificates.set(source, bytes);
      found.set(reference, bytes);
    }
    this.#authorities.push(...taken);
  }

  async #fetch({ source = '', compression = '', httpHeaders = [], verification }: Resource): Promise<Buffer> {
    this.#count += 1;
    if (this.#count > maxReferences) throw invalid(source, `the config leads to more than ${maxReferences} others`);
    const headers = Object.fromEntries(httpHeaders.map(({ name = '', value = '' }) => [name, value]));
    const bytes = await this.#fetcher.get(source, this.#signal, headers, {
      authorities: this.#authorities,
      proxy: this.#proxy,
    });
    if (bytes === undefined) throw invalid(source, 'there is nothing');
    const opened = openContent(bytes, { compression, ...verification });
    if (opened.kind !== 'bytes') throw invalid(source, opened.why);
    return opened.bytes;
  }
}

function languageOf(text: string): ReferringLanguage | undefined {
  return languages.find(({ recognises }) => recognises(text));
}

function isOnServer({ source = '' }: Resource): boolean {
  return /^https?:/i.test(source) || isObjectUrl(source);
}

/** The document in a `data:` URL. */
function givenBytes({ source = '', compression = '', verification }: Resource): Buffer | undefined {
  const bytes = decodeDataUrl(source);
  const opened = bytes === undefined ? undefined : openContent(bytes, { compression, ...verification });
  return opened?.kind === 'bytes' ? opened.bytes : undefined;
}

function invalid(source: string, why: string): BerthError {
  return new BerthError('CONFIG_INVALID', `${shownUrl(source)}: ${why}; nothing was changed`);
}
