import { type Diagnostic, formatPath } from '../../core/diagnostic.ts';
import { describeValue, isMapping } from '../shape.ts';
import { readYaml } from '../yaml-source.ts';
import type { MimeLeaf } from './mime.ts';
import { textOfPart, type UserDataPart } from './part.ts';
import { partTypes, typeByHeader } from './part-types.ts';

export interface Archive {
  readonly entries: readonly MimeLeaf[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Keys of an entry that are no headers. */
const ownKeys: ReadonlySet<string> = new Set(['content', 'filename', 'type', 'content-disposition', 'content-type']);

/**
 * Reads a `#cloud-config-archive`: a list whose entries are texts, or mappings with `content`, `type`, `filename` and headers.
 * Pure; never throws.
 */
export function readArchive(file: string, text: string): Archive {
  const yaml = readYaml(text, { rulesOf: () => 'cloud-init' });
  const diagnostics: Diagnostic[] = yaml.problems.map(({ position, path, severity, code, message, hint }) => ({
    ...{ file, ...position, path: formatPath(path), severity, code, message, hint: hint ?? null },
  }));
  const report = (path: readonly (string | number)[], message: string): void => {
    const place = { file, ...yaml.positionOf(path), path: formatPath(path) };
    diagnostics.push({ ...place, severity: 'error', code: 'wrong-type', message, hint: null });
  };
  if (yaml.data === undefined) return { entries: [], diagnostics };
  if (!Array.isArray(yaml.data)) {
    report([], `expected a list of parts, found ${describeValue(yaml.data)}`);
    return { entries: [], diagnostics };
  }
  const entries = yaml.data.flatMap((entry: unknown, index): MimeLeaf[] => {
    if (typeof entry === 'string') return [leafOf({ content: entry })];
    if (isMapping(entry)) {
      const { content = '', type } = entry;
      if (typeof content !== 'string' && !(content instanceof Uint8Array))
        report([index, 'content'], `expected text, found ${describeValue(content)}`);
      else if (type !== undefined && type !== null && (typeof type !== 'string' || !/^[^/\s]+\/[^/\s]+$/.test(type)))
        report([index, 'type'], `expected a type such as text/cloud-config, found ${describeValue(type)}`);
      else return [leafOf(entry)];
      return [];
    }
    report([index], `expected a part, found ${describeValue(entry)}`);
    return [];
  });
  return { entries, diagnostics };
}

function leafOf(entry: Readonly<Record<string, unknown>>): MimeLeaf {
  const { content = '', type, filename } = entry;
  const bytes = content instanceof Uint8Array ? content : new Uint8Array(Buffer.from(String(content), 'utf8'));
  const fallback = content instanceof Uint8Array ? 'application/octet-stream' : partTypes.cloudConfig;
  const headers = Object.entries(entry).filter(([key]) => !ownKeys.has(key.toLowerCase()));
  return {
    headers: new Map(headers.map(([key, value]) => [key.toLowerCase(), String(value)])),
    type: typeof type === 'string' ? type.toLowerCase() : (typeByHeader(String(content)) ?? fallback),
    fileName: typeof filename === 'string' ? filename : undefined,
    body: bytes,
  };
}

/** The parts as one text, a `#cloud-config-archive` that {@link readArchive} reads as the same parts. Pure. */
export function writeArchive(parts: readonly UserDataPart[]): string {
  const lines = parts.map((part) => {
    const { name, type, bytes, mergeType } = part;
    const text = textOfPart(part);
    const isText = Buffer.from(text, 'utf8').equals(bytes) && !text.includes('\0');
    const content = isText ? JSON.stringify(text) : `!!binary "${Buffer.from(bytes).toString('base64')}"`;
    // Names that follow from the order are left out.
    const file = /^part-\d{3,}$/.test(name) ? '' : `, "filename": ${JSON.stringify(name)}`;
    const merge = mergeType === undefined ? '' : `, "merge-type": ${JSON.stringify(mergeType)}`;
    return `- {"type": ${JSON.stringify(type)}${file}${merge}, "content": ${content}}`;
  });
  return `#cloud-config-archive\n${lines.join('\n')}\n`;
}
