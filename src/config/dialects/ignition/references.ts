import { encodeDataUrl } from '../../go/data-url.ts';
import { dataOf, type JsonNode } from '../../json/json-node.ts';
import { JsonFault, parseJson } from '../../json/json-parser.ts';
import { fold } from './decode.ts';
import type { IgnitionSection, Resource } from './model.ts';

/** Where a text refers to another document that it is not complete without. */
export interface Reference {
  /** A config, or certificates that are trusted when configs and contents are fetched. */
  readonly kind: 'config' | 'authorities';
  readonly resource: Resource;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

/** What a text is not complete without, and how it is had. */
export interface References {
  readonly list: readonly Reference[];
  /** `ignition.proxy`. */
  readonly proxy: IgnitionSection['proxy'];
}

/** What an Ignition config refers to; nothing in a text that is no such config. Pure; never throws. */
export function referencesIn(text: string): References {
  const root = parsed(text);
  const section = member(root, 'ignition');
  const config = member(section, 'config');
  const authorities = member(member(member(section, 'security'), 'tls'), 'certificateauthorities');
  const lists = ['merge', 'append'].flatMap((name) => {
    const list = member(config, name);
    return list?.kind === 'list' ? list.items : [];
  });
  const certificates = authorities?.kind === 'list' ? authorities.items : [];
  const list = [
    ...certificates.flatMap((node) => referenceOf(node, 'authorities')),
    ...[...lists, member(config, 'replace')].flatMap((node) => referenceOf(node, 'config')),
  ];
  return { list, proxy: list.length === 0 ? undefined : proxyOf(member(section, 'proxy')) };
}

/** The text with the documents themselves in the place of the references to them, as `data:` URLs. Pure. */
export function closeReferences(text: string, found: ReadonlyMap<Reference, Uint8Array>): string {
  const urlOf = distinctDataUrls();
  let closed = text;
  // From the end, so that the offsets before stay true.
  for (const [{ start, end }, bytes] of [...found].toSorted(([a], [b]) => b.start - a.start)) {
    closed = `${closed.slice(0, start)}${JSON.stringify({ source: urlOf(bytes) })}${closed.slice(end)}`;
  }
  return closed;
}

/** Makes `data:` URLs, another one each time: what stands twice in a list of references is an error. */
export function distinctDataUrls(): (bytes: Uint8Array) => string {
  const made = new Set<string>();
  return (bytes) => {
    const url = encodeDataUrl(bytes);
    const distinct = made.has(url) ? url.replace('data:', `data:;copy=${made.size}`) : url;
    made.add(distinct);
    return distinct;
  };
}

function parsed(text: string): JsonNode | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === 'object' ? node.members.findLast(({ key }) => fold(key) === name)?.value : undefined;
}

function proxyOf(node: JsonNode | undefined): IgnitionSection['proxy'] {
  const [httpProxy, httpsProxy] = [textIn(node, 'httpproxy'), textIn(node, 'httpsproxy')];
  const noProxy = member(node, 'noproxy');
  return {
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy?.kind === 'list' ? { noProxy: dataOf(noProxy) as string[] } : {}),
  };
}

function textIn(parent: JsonNode | undefined, name: string): string | undefined {
  const value = member(parent, name);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}

function referenceOf(node: JsonNode | undefined, kind: Reference['kind']): Reference[] {
  if (node?.kind !== 'object') return [];
  const { start, end } = node;
  const source = textIn(node, 'source');
  if (source === undefined || source === '') return [];
  const [compression, hash] = [textIn(node, 'compression'), textIn(member(node, 'verification'), 'hash')];
  const headers = member(node, 'httpheaders');
  const httpHeaders = headers?.kind === 'list' ? (dataOf(headers) as Resource['httpHeaders']) : undefined;
  const resource: Resource = {
    source,
    ...(compression === undefined ? {} : { compression }),
    ...(hash === undefined ? {} : { verification: { hash } }),
    ...(httpHeaders === undefined ? {} : { httpHeaders }),
  };
  return [{ kind, resource, start, end }];
}
