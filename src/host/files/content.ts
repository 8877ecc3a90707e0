import type { FileConfig } from '../../config/host-config.ts';

/** A path as the user declared it: one or several entries, in the order of the config. */
export interface Declared {
  readonly path: string;
  readonly entries: readonly FileConfig[];
}

/** Entries by their path, in the order of the first one of each. Pure. */
export function groupByPath(files: readonly FileConfig[]): Declared[] {
  const groups = new Map<string, FileConfig[]>();
  for (const file of files) {
    const group = groups.get(file.path) ?? [];
    group.push(file);
    groups.set(file.path, group);
  }
  return [...groups].map(([path, entries]) => ({ path, entries }));
}

/**
 * What entries make of a content, one after the other. Pure.
 * @param isExact false when the content may have what they append in it already: then that is not appended once more.
 */
export function composeContent(entries: readonly FileConfig[], before: Buffer, isExact: boolean): Buffer {
  let content = before;
  let isKnown = isExact;
  for (const entry of entries) {
    const bytes = bytesOf(entry);
    if (entry.append) {
      if (isKnown || !content.includes(bytes)) content = Buffer.concat([content, bytes]);
    } else if (entry.existing !== 'keep' || content.length === 0) {
      content = bytes;
      isKnown = true;
    }
  }
  return content;
}

/** A content without what entries appended to it. Pure. */
export function contentWithout(entries: readonly FileConfig[], content: Buffer): Buffer {
  return entries.reduce<Buffer>((rest, entry) => without(rest, bytesOf(entry)), content);
}

function without(content: Buffer, part: Buffer): Buffer {
  const at = part.length === 0 ? -1 : content.indexOf(part);
  return at === -1 ? content : Buffer.concat([content.subarray(0, at), content.subarray(at + part.length)]);
}

function bytesOf({ contentBase64 }: FileConfig): Buffer {
  return Buffer.from(contentBase64, 'base64');
}
