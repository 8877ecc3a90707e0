import { formatPath } from '../../core/diagnostic.ts';
import type { HostDraft } from '../host-draft.ts';
import { declaredText } from './declared-text.ts';

/** In a home: where sshd(8) looks, and the directory that Fedora CoreOS and Flatcar put together. */
const keyFiles = /^(.+)\/\.ssh\/authorized_keys(2|\.d\/[^/]+)?$/;

/**
 * Takes the keys in declared files of declared users' homes: the SSH server knows the keys of the config only, so that nobody gets
 * in whom it does not name.
 */
export function takeAuthorizedKeyFiles(host: HostDraft): void {
  for (const path of new Set(host.config.files.map((file) => file.path))) {
    const [, home] = keyFiles.exec(path) ?? [];
    const place = home === undefined ? undefined : host.named.get(formatPath(['write_files', path]));
    if (home === undefined || place === undefined) continue;
    const why = takeKeys(host, path, home);
    if (why !== undefined)
      place.warn(
        'unsupported',
        `nobody can log in with the keys in ${path}: ${why}`,
        'give them to a user under "users"',
      );
  }
}

/** @returns why not. */
function takeKeys({ config }: HostDraft, path: string, home: string): string | undefined {
  if (home === '/root') return 'Berth has no root login';
  const user = config.users.find(
    ({ name, homeDirectory }) => underHome(homeDirectory ?? `/home/${name}`) === underHome(home),
  );
  if (user === undefined) return `no declared user has the home ${home}`;
  const declared = declaredText(config.files, path);
  if (declared === undefined || declared === 'elsewhere') return 'they are on a server';
  const keys = declared.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  user.sshAuthorizedKeys.push(...keys.filter((key) => !user.sshAuthorizedKeys.includes(key)));
  return undefined;
}

/** /home is a link. */
function underHome(path: string): string {
  return path.replace(/^\/var\/home\//, '/home/');
}
