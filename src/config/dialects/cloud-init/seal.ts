import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Scalar, visit } from 'yaml';
import { isPasswordHash, type PasswordHasher, sealPassword } from '../../password.ts';
import { writeArchive } from '../../user-data/archive.ts';
import { expandUserData } from '../../user-data/expand.ts';
import { textOfPart } from '../../user-data/part.ts';
import { partTypes, typeByHeader } from '../../user-data/part-types.ts';
import { parseYamlDocument } from '../../yaml-document.ts';

/**
 * A document of user-data with a hash in the place of every clear-text password. One that has such passwords in its parts
 * comes back as an archive of them; any other as it is. Pure.
 */
export function sealUserData(text: string, hash: PasswordHasher): string {
  if (typeByHeader(text) === partTypes.cloudConfig) return sealCloudConfig(text, hash);
  const { parts } = expandUserData('user-data', new TextEncoder().encode(text));
  const sealed = parts.map((part) => {
    if (part.type !== partTypes.cloudConfig) return part;
    const [before, after] = [textOfPart(part), sealCloudConfig(textOfPart(part), hash)];
    return before === after ? part : { ...part, bytes: new TextEncoder().encode(after) };
  });
  return sealed.every((part, index) => part === parts[index]) ? text : writeArchive(sealed);
}

const clearKeys = new Set(['plain_text_passwd', 'plain-text-passwd']);

/**
 * The text with a hash in the place of every clear-text password, so that it can be stored. It means the same.
 * A text that is not YAML, and one without clear-text passwords, comes back as it is. Pure.
 */
export function sealCloudConfig(text: string, hash: PasswordHasher): string {
  if (!/passw/i.test(text)) return text;
  const { document, faults, text: indented } = parseYamlDocument(text);
  if (faults.some(({ name }) => name === 'YAMLParseError')) return text;
  const changes = new Map<Scalar, string>();
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const seal = (node: unknown, to: (value: string) => string): void => {
    const target = resolve(node);
    if (isScalar(target) && typeof target.source === 'string') {
      // As it was written: a password of digits is not a number.
      const value = typeof target.value === 'string' ? target.value : target.source;
      const sealed = to(value);
      if (sealed !== value) changes.set(target, sealed);
    }
  };
  const sealClear = (value: string): string => sealPassword(value, hash);
  const sealEither = (value: string): string => (isPasswordHash(value) ? value : sealClear(value));
  const sealLines = (value: string): string =>
    value
      .split('\n')
      .map((line) => sealLine(line, sealEither))
      .join('\n');

  visit(document, {
    Pair(_key, pair) {
      if (isScalar(pair.key) && clearKeys.has(String(pair.key.value))) seal(pair.value, sealClear);
    },
  });
  const root = document.contents;
  if (isMap(root)) {
    seal(root.get('password', true), sealEither);
    const change = resolve(root.get('chpasswd', true));
    if (isMap(change)) {
      for (const item of itemsOf(resolve(change.get('users', true)))) {
        const user = resolve(item);
        if (isMap(user) && user.get('type') === 'text') seal(user.get('password', true), sealClear);
      }
      const list = resolve(change.get('list', true));
      if (isSeq(list)) for (const item of list.items) seal(item, sealLines);
      else seal(list, sealLines);
    }
  }
  return changes.size === 0 ? text : splice(indented, changes);
}

function itemsOf(node: unknown): readonly unknown[] {
  return isSeq(node) ? node.items.map((item) => (isPair(item) ? item.value : item)) : [];
}

function sealLine(line: string, seal: (value: string) => string): string {
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || value === '' || value === 'R' || value === 'RANDOM') return line;
  return `${line.slice(0, colon + 1)}${seal(value)}`;
}

/** Puts each new value in the place of the scalar, in double quotes, which hold any text. */
function splice(text: string, changes: ReadonlyMap<Scalar, string>): string {
  const ranges = [...changes].flatMap(([node, value]) => {
    const { range } = node as Node;
    return range === null || range === undefined ? [] : [{ start: range[0], end: range[1], value }];
  });
  return ranges
    .toSorted((a, b) => b.start - a.start)
    .reduce((result, { start, end, value }) => {
      // A block scalar's range takes the line's end with it.
      const isBlock = /[\r\n]/.test(result[end - 1] ?? '');
      return `${result.slice(0, start)}${JSON.stringify(value)}${isBlock ? '\n' : ''}${result.slice(end)}`;
    }, text);
}
