import type { FileConfig, HostConfig, SshHostKey } from './host-config.ts';
import { passwordIn, withoutPassword } from './mount-secret.ts';
import type { RemoteContent } from './remote-content.ts';
import type { LuksConfig } from './storage-config.ts';

/** What stands where a secret stood. */
export const redacted = '<redacted>';

/** The config without its secrets, for the API, logs and people. */
export function redactConfig(config: HostConfig): HostConfig {
  const { connectivity, compose, storage } = config;
  const { proxy } = connectivity;
  return {
    ...config,
    users: config.users.map((user) => (user.passwordHash === undefined ? user : { ...user, passwordHash: redacted })),
    files: config.files.map(redactFile),
    mounts: config.mounts.map((mount) => ({
      ...mount,
      options: mount.options.map((option) => withoutPassword(option, redacted)),
    })),
    storage: storage.luks === undefined ? storage : { ...storage, luks: storage.luks.map(redactLuks) },
    console: config.console.passwordHash === undefined ? config.console : { passwordHash: redacted },
    ...(config.ssh?.hostKeys === undefined
      ? {}
      : { ssh: { ...config.ssh, hostKeys: config.ssh.hostKeys.map(redactHostKey) } }),
    report: config.report.url === undefined ? config.report : { url: redactUrl(config.report.url) },
    connectivity: {
      ...connectivity,
      proxy: {
        ...proxy,
        ...(proxy.http === undefined ? {} : { http: redactUrl(proxy.http) }),
        ...(proxy.https === undefined ? {} : { https: redactUrl(proxy.https) }),
      },
      registries: mapValues(connectivity.registries, (registry) =>
        registry.password === undefined ? registry : { ...registry, password: redacted },
      ),
    },
    update: {
      ...config.update,
      ...(config.update.feed === undefined ? {} : { feed: redactUrl(config.update.feed) }),
      ...(config.update.proxy === undefined ? {} : { proxy: redactUrl(config.update.proxy) }),
    },
    compose: {
      ...compose,
      secrets: mapValues(compose.secrets, (secret) =>
        secret.content === undefined ? secret : { ...secret, content: redacted },
      ),
    },
  };
}

/** Every value of the config that must not appear in a log, a status or the ledger; longest first, for replacing. */
export function secretsOf(config: HostConfig): string[] {
  const { connectivity, compose, update, storage } = config;
  const { proxy, registries } = connectivity;
  const values = [
    ...config.users.map(({ passwordHash }) => passwordHash),
    config.console.passwordHash,
    ...(config.ssh?.hostKeys ?? []).flatMap(({ privateKey }) => [privateKey, privateKey.trim()]),
    ...config.files.filter(isPrivate).flatMap(contentsOf),
    ...config.mounts.flatMap(({ options }) => options.map(passwordIn)),
    ...config.files.flatMap(({ remote }) => secretsOfRemote(remote)),
    ...(storage.luks ?? []).flatMap(({ key }) => {
      return key.kind === 'given' ? contentsOf(key) : key.kind === 'remote' ? secretsOfRemote(key.remote) : [];
    }),
    ...Object.values(registries).map(({ password }) => password),
    ...Object.values(compose.secrets).flatMap(({ content }) => [content, content?.trim()]),
    ...[proxy.http, proxy.https, update.feed, update.proxy, config.report.url].flatMap(passwordsOfUrl),
  ];
  const secrets = new Set(values.filter((value) => value !== undefined && value !== ''));
  return [...(secrets as Set<string>)].toSorted((a, b) => b.length - a.length);
}

function redactFile(file: FileConfig): FileConfig {
  const { remote, ...rest } = isPrivate(file) ? { ...file, contentBase64: redacted } : file;
  return remote === undefined ? rest : { ...rest, remote: redactRemote(remote) };
}

function redactHostKey(key: SshHostKey): SshHostKey {
  return { ...key, privateKey: redacted };
}

function redactLuks(luks: LuksConfig): LuksConfig {
  switch (luks.key.kind) {
    case 'given':
      return { ...luks, key: { kind: 'given', contentBase64: redacted } };
    case 'remote':
      return { ...luks, key: { kind: 'remote', remote: redactRemote(luks.key.remote) } };
    case 'random':
      return luks;
  }
}

function redactRemote(remote: RemoteContent): RemoteContent {
  const headers = remote.headers.map(({ name }) => ({ name, value: redacted }));
  const url = signaturesOf(remote.url).reduce((text, value) => text.replace(`=${value}`, `=${redacted}`), remote.url);
  return { ...remote, url: redactUrl(url), headers };
}

function secretsOfRemote(remote: RemoteContent | undefined): string[] {
  return [
    ...passwordsOfUrl(remote?.url),
    ...signaturesOf(remote?.url),
    ...(remote?.headers ?? []).map(({ value }) => value),
  ];
}

/** A file that others may not read holds a secret, and so does a private key's, whatever its mode. */
function isPrivate({ mode, contentBase64 }: FileConfig): boolean {
  if ((mode & 0o004) === 0) return contentBase64 !== '';
  return Buffer.from(contentBase64, 'base64').includes('PRIVATE KEY-----');
}

function contentsOf({ contentBase64 }: Pick<FileConfig, 'contentBase64'>): string[] {
  const content = Buffer.from(contentBase64, 'base64').toString('utf8');
  return [contentBase64, content, content.trim()];
}

function redactUrl(text: string): string {
  return passwordsOfUrl(text).reduce((url, password) => url.replace(`:${password}@`, `:${redacted}@`), text);
}

/** The password in a URL, as written and decoded. */
function passwordsOfUrl(text: string | undefined): string[] {
  const written = /^[a-z]+:\/\/[^/?#@]*?:([^/?#]*)@/i.exec(text ?? '')?.[1];
  if (written === undefined || written === '') return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}

/** What opens an object to whoever has its presigned URL: of Amazon's, Google's and Azure's stores. */
function signaturesOf(url: string | undefined): string[] {
  const pattern = /[?&](?:X-Amz-(?:Signature|Security-Token)|X-Goog-Signature|Signature|sig)=([^&#]+)/gi;
  return [...(url ?? '').matchAll(pattern)].flatMap(([, value]) => value ?? []);
}

function mapValues<T>(values: Readonly<Record<string, T>>, to: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));
}
