import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, visit } from 'yaml';
import { blank } from './blank-secrets.ts';
import { changeConfigs } from './user-data/change-configs.ts';
import { isUserData, partTypes } from './user-data/part-types.ts';
import { parseYamlDocument, withLineFeeds, type YamlDocument } from './yaml-document.ts';
import { itemsOf, spliceScalars } from './yaml-nodes.ts';

/** Keys whose values are secrets wherever they stand, in all the languages. */
const secretKey =
  /^(passwd|(hashed|plain[_-]text)[_-]passwd|password|password_?hash|passphrase|key_base64|(ed25519|ecdsa|rsa|dsa)_private)$/i;
/** A list of `NAME:PASSWORD` in which nothing is left to blank. */
const hashedList = /^\s*(?:[^\s:]+:\s*(?:\*{8}|(?:sealed:)?\$\S+|R|RANDOM)?\s*)*$/;
/** Of a secret's entry: what is no secret. */
const openSecretKeys = new Set(['file', 'environment', 'external', 'name', 'driver', 'labels', 'template_driver']);
/** Of a file's contents: what is no content. */
const openContentKeys = new Set(['compression', 'hash', 'local', 'name', 'owner', 'path']);
const composeParts = new Set(['services', 'networks', 'volumes', 'configs']);
const configTypes = [partTypes.cloudConfig, partTypes.jsonPatch, partTypes.template];
/** What a config can have is less, aliases expanded. */
const limits = { nodes: 100_000, depth: 100 };

/** True for a text that is a secret. @param key the name that it stands under. */
type IsHidden = (text: string, key: string) => boolean;

/**
 * A config with what its keys call a secret blanked, whether the config can use it or not: for showing it. It is the same config
 * otherwise, save that parts which are packed come back as an archive. Not for logs, in which keys have no meaning. Pure.
 */
export function blankNamedSecrets(text: string): string {
  const change = (config: string): string => new SecretFinder(config).blanked();
  return isUserData(text) ? changeConfigs(text, change, configTypes) : change(text);
}

class SecretFinder {
  readonly #text: string;
  readonly #yaml: YamlDocument;
  readonly #found = new Map<Scalar, string>();
  readonly #targets = new Map<Alias, Node | undefined>();
  #nodes = 0;

  constructor(text: string) {
    this.#text = text;
    this.#yaml = parseYamlDocument(withLineFeeds(text));
    const anchors = new Map<string, Node>();
    visit(this.#yaml.document, {
      Value: (_, node) => {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
      },
      Alias: (_, node) => {
        this.#targets.set(node, anchors.get(node.source));
      },
    });
  }

  blanked(): string {
    this.#walk(this.#yaml.document.contents, []);
    return this.#found.size === 0 ? this.#text : spliceScalars(this.#yaml.text, this.#found);
  }

  #walk(given: unknown, path: readonly string[]): void {
    const node = this.#enter(given, path.length);
    // Items of a list have the path of the list.
    for (const item of itemsOf(node)) this.#walk(item, path);
    if (!isMap(node)) return;
    const isPrivate = isPrivateFile((key) => textOf(this.#resolve(node.get(key, true))));
    for (const { key: name, value } of node.items) {
      const key = textOf(name);
      const isHidden = hiddenUnder([...path, key], this.#resolve(value), isPrivate);
      if (isHidden === undefined) this.#walk(value, [...path, key]);
      else this.#hide(value, path.length, key, isHidden);
    }
  }

  #hide(given: unknown, depth: number, key: string, isHidden: IsHidden): void {
    const node = this.#enter(given, depth);
    for (const item of itemsOf(node)) this.#hide(item, depth + 1, key, isHidden);
    if (isMap(node)) for (const pair of node.items) this.#hide(pair.value, depth + 1, textOf(pair.key), isHidden);
    if (!isScalar(node) || node.value === null) return;
    const text = textOf(node);
    if (text !== '' && text.trim() !== blank && isHidden(text, key)) this.#found.set(node, blank);
  }

  /** What a node stands for; undefined when there is too much of it. */
  #enter(node: unknown, depth: number): unknown {
    this.#nodes += 1;
    return this.#nodes > limits.nodes || depth > limits.depth ? undefined : this.#resolve(node);
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? this.#targets.get(node) : node;
  }
}

/** Which texts below a key are secrets; undefined: it is to be looked into. */
function hiddenUnder(path: readonly string[], value: unknown, isPrivate: boolean): IsHidden | undefined {
  const [grandparent = '', parent = '', key = ''] = ['', '', ...path].slice(-3);
  const isEntry = path.length === 3 && path[0] === 'berth';
  if (isEntry && composeParts.has(parent)) return undefined;
  // An entry that is no mapping is the secret itself.
  if (isEntry && (parent === 'luks' || parent === 'secrets')) return isMap(value) ? undefined : all;
  if (path[0] === 'berth' && grandparent === 'secrets' && !openSecretKeys.has(key)) return all;
  // The accounts of Ignition and Butane stand under a key `passwd`.
  if (secretKey.test(key) && !(path.length === 1 && key === 'passwd')) return all;
  if (key === 'list' && parent === 'chpasswd') return (text) => !hashedList.test(text);
  if (key === 'users' && parent === 'chpasswd') return (_, name) => name === key || secretKey.test(name);
  if (key === 'key' && grandparent === 'luks') return all;
  if (/^(http_?)?headers$/i.test(parent) && key !== 'name') return all;
  const isContents = /^contents?$/.test(key) || (key === 'append' && isSeq(value));
  if ((isPrivate && isContents) || /^key_?file$/i.test(key)) return isContent;
  return undefined;
}

const all: IsHidden = () => true;
/** Names of files and addresses tell nobody what is in there. */
const isContent: IsHidden = (text, key) =>
  !openContentKeys.has(key) && !/^(?:https?:\/\/|tftp:|s3:|gs:|arn:)\S*$/.test(text);

/** A file that others may not read, and one whose mode nobody can read. */
function isPrivateFile(said: (key: string) => string): boolean {
  const [permissions, mode] = [said('permissions').trim(), said('mode').trim()];
  if (permissions !== '') return isClosed(octal(permissions));
  return mode !== '' && isClosed(/^0o?[0-7]+$/.test(mode) ? octal(mode) : Number(mode));
}

const octal = (text: string): number =>
  /^(?:0o)?[0-7]+$/.test(text) ? Number.parseInt(text.replace('0o', ''), 8) : Number.NaN;

const isClosed = (mode: number): boolean => Number.isNaN(mode) || (mode & 0o004) === 0;

/** As it was written: a password of digits is not a number. */
function textOf(node: unknown): string {
  if (!isScalar(node)) return '';
  return typeof node.value === 'string' ? node.value : (node.source ?? '');
}
