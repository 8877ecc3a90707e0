import { isAlias, isMap, isScalar, isSeq, type Scalar, visit } from 'yaml';
import { isPasswordHash, type PasswordHasher, sealPassword } from '../../password.ts';
import { changeConfigs } from '../../user-data/change-configs.ts';
import { parseYamlDocument } from '../../yaml-document.ts';
import { itemsOf, spliceScalars } from '../../yaml-nodes.ts';

/**
 * A document of user-data with a hash in the place of every clear-text password. One that has such passwords in its parts
 * comes back as an archive of them; any other as it is. Pure.
 */
export function sealUserData(text: string, hash: PasswordHasher): string {
  return changeConfigs(text, (config) => sealCloudConfig(config, hash));
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
  return changes.size === 0 ? text : spliceScalars(indented, changes);
}

function sealLine(line: string, seal: (value: string) => string): string {
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || value === '' || value === 'R' || value === 'RANDOM') return line;
  return `${line.slice(0, colon + 1)}${seal(value)}`;
}
