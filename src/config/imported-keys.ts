import type { HostConfig } from './host-config.ts';

/** Where the keys of an id are: `gh:NAME` on GitHub, `lp:NAME` or `NAME` on Launchpad (ssh-import-id(1)). Pure. */
export function importUrl(id: string): string {
  const [, site = 'lp', name = ''] = /^(?:(gh|lp):)?(.*)$/.exec(id) ?? [];
  const encoded = encodeURIComponent(name);
  return site === 'gh' ? `https://github.com/${encoded}.keys` : `https://launchpad.net/~${encoded}/+sshkeys`;
}

/** The keys of an answer: lines that are a key's type, the key and perhaps a word about it; no options. Pure. */
export function keysIn(text: string, id: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^((?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,3})(?: .*)?$/.exec(line.trim());
    return match === null ? [] : [`${match[1]} ${id}`];
  });
}

/** Every id that a config names. Pure. */
export function importIds({ users }: HostConfig): string[] {
  return [...new Set(users.flatMap(({ sshImportIds = [] }) => sshImportIds))];
}

/** A config whose users have the keys that are known of their ids, too. Pure. */
export function withImportedKeys(config: HostConfig, known: ReadonlyMap<string, readonly string[]>): HostConfig {
  if (importIds(config).length === 0) return config;
  const users = config.users.map((user) => {
    const { sshImportIds = [], sshAuthorizedKeys } = user;
    const imported = sshImportIds.flatMap((id) => known.get(id) ?? []);
    const have = new Set(sshAuthorizedKeys.map(bare));
    return { ...user, sshAuthorizedKeys: [...sshAuthorizedKeys, ...imported.filter((key) => !have.has(bare(key)))] };
  });
  return { ...config, users };
}

/** The key without the word about it. */
function bare(key: string): string {
  return key.split(' ').slice(0, 2).join(' ');
}
