import { encodeDataUrl } from '../../go/data-url.ts';
import { dataOf, type JsonNode } from '../../json/json-node.ts';
import { JsonFault, parseJson } from '../../json/json-parser.ts';
import { fold } from './decode.ts';
import type { Resource } from './model.ts';

type ObjectNode = Extract<JsonNode, { kind: 'object' }>;

/** Where a text refers to another config. */
export interface Reference {
  readonly resource: Resource;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

/** The other configs that an Ignition config refers to; none in a text that is no such config. Pure; never throws. */
export function referencesIn(text: string): Reference[] {
  const root = parsed(text);
  const config = root === undefined ? undefined : member(member(root, 'ignition'), 'config');
  const lists = ['merge', 'append'].flatMap((name) => {
    const list = member(config, name);
    return list?.kind === 'list' ? list.items : [];
  });
  return [...lists, member(config, 'replace')].flatMap((node) => (node?.kind === 'object' ? referenceOf(node) : []));
}

/** The text with the configs themselves in the place of the references to them, as `data:` URLs. Pure. */
export function closeReferences(text: string, found: ReadonlyMap<Reference, Uint8Array>): string {
  let closed = text;
  // From the end, so that the offsets before stay true.
  for (const [{ start, end }, bytes] of [...found].toSorted(([a], [b]) => b.start - a.start)) {
    closed = `${closed.slice(0, start)}${JSON.stringify({ source: encodeDataUrl(bytes) })}${closed.slice(end)}`;
  }
  return closed;
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

function referenceOf(node: ObjectNode): Reference[] {
  const { start, end } = node;
  const textIn = (parent: JsonNode | undefined, name: string): string | undefined => {
    const value = member(parent, name);
    return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
  };
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
  return [{ resource, start, end }];
}
