import { gzipSync } from 'node:zlib';
import type { Resource } from '../ignition/model.ts';
import { distinctDataUrls, type Reference, type References } from '../ignition/references.ts';
import { plain, type Traced, type TracedRecord } from './traced.ts';
import { translateButane } from './translate.ts';

/** What a Butane config refers to; nothing in a text that is refused. Pure; never throws. */
export function butaneReferencesIn(text: string): References {
  // Most configs have none, and a translation takes a while.
  if (!/source/.test(text)) return { list: [], proxy: undefined };
  const { ignition, offsets } = translateButane(text, { compresses: false, target: 'host' });
  const section = ignition?.record('ignition');
  const config = section?.record('config');
  const referenceOf = (node: Traced | undefined, kind: Reference['kind']): Reference[] => {
    const resource = node?.kind === 'record' ? resourceOf(node) : undefined;
    const extent = node === undefined ? undefined : offsets.extentOf(node.from);
    if (resource === undefined || extent === undefined) return [];
    return [{ kind, resource, start: extent.offset, end: extent.end }];
  };
  const list = [
    ...(section?.record('security').record('tls').items('certificateAuthorities') ?? []).flatMap((node) =>
      referenceOf(node, 'authorities'),
    ),
    ...[...(config?.items('merge') ?? []), config?.fields.get('replace')].flatMap((node) =>
      referenceOf(node, 'config'),
    ),
  ];
  return { list, proxy: section === undefined ? undefined : (plain(section.record('proxy')) as References['proxy']) };
}

/**
 * The text with the documents themselves in the place of the references to them, as `data:` URLs; everything behind keeps its line.
 * Pure.
 */
export function closeButaneReferences(text: string, found: ReadonlyMap<Reference, Uint8Array>): string {
  const { spec } = translateButane(text, { compresses: false, target: 'ignition' });
  const urlOf = distinctDataUrls();
  let closed = text;
  // From the end, so that the offsets before stay true.
  for (const [{ start, end }, bytes] of [...found].toSorted(([a], [b]) => b.start - a.start)) {
    const written = text.slice(start, end).trimEnd();
    const lines = written.split('\n');
    // What follows in a flow collection has to stay indented.
    const padding = lines.length === 1 ? '' : '\n'.repeat(lines.length - 1) + ' '.repeat(lines.at(-1)?.length ?? 0);
    // Packed where the spec has a word for it: a text is read up to a length.
    const document =
      spec?.base === 1 ? { source: urlOf(bytes) } : { source: urlOf(gzipSync(bytes)), compression: 'gzip' };
    closed = `${closed.slice(0, start)}${JSON.stringify(document)}${padding}${closed.slice(start + written.length)}`;
  }
  return closed;
}

function resourceOf(record: TracedRecord): Resource | undefined {
  const resource = plain(record) as Resource;
  return resource.source === undefined || resource.source === '' ? undefined : resource;
}
