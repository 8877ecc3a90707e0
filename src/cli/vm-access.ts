import type { SourceFile } from '../config/dialects/dialect.ts';
import { parseConfig } from '../config/parse.ts';

/** How a key of ours gets into a host without a change to the user's config. */
export interface VmAccess {
  /** The platform's own config, which the user's goes over. */
  readonly vendorData: string;
  /** Whom the key opens. */
  readonly loginUser: string;
}

/**
 * Platform configs that give the default user a key. They fill in what the user's config leaves out: the first way holds
 * whatever `users` says, the second one when the config's `user` has keys of its own.
 */
const ways: readonly ((key: string) => Readonly<Record<string, unknown>>)[] = [
  (key) => ({ user: { ssh_authorized_keys: [key] } }),
  (key) => ({ ssh_authorized_keys: [key] }),
];

/**
 * The platform's config that lets a key in beside this user's config. Pure.
 * @returns undefined when no way leads in: the config is in another language, or has all these keys itself.
 */
export function vmAccess(files: readonly SourceFile[], publicKey: string): VmAccess | undefined {
  for (const way of ways) {
    // JSON is YAML.
    const vendorData = `#cloud-config\n${JSON.stringify(way(publicKey))}\n`;
    const { config, diagnostics } = parseConfig([
      { file: 'vendor-data', text: vendorData, layer: 'vendor-data' },
      ...files,
    ]);
    if (diagnostics.some(({ file, severity }) => file === 'vendor-data' && severity === 'error')) continue;
    const user = config.users.find(({ sshAuthorizedKeys }) => sshAuthorizedKeys.includes(publicKey));
    if (user !== undefined) return { vendorData, loginUser: user.name };
  }
  return undefined;
}
