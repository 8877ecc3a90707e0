import type { UserConfig } from './host-config.ts';
import type { HostDraft } from './host-draft.ts';

/** Accounts that the console's image has for itself: nobody logs in by them. */
export const imageAccounts: ReadonlySet<string> = new Set(['root', 'sshd', 'nobody']);

/** Reports what would open an account of the image's own to somebody, which the SSH server of a host does not. */
export function reportImageAccounts(host: HostDraft): void {
  for (const user of host.config.users) {
    const [first, ...others] = imageAccounts.has(user.name) ? openersOf(user) : [];
    if (first === undefined) continue;
    const openers = [first, ...others].join(' and ');
    host.named
      .get(`users.${user.name}`)
      ?.warn(
        'no-effect',
        `nobody can log in as ${user.name} with ${openers}: the account is the system's own`,
        'declare a user with another name; with "sudo" it may do what root may',
      );
  }
}

function openersOf({ sshAuthorizedKeys, sshImportIds = [], lockPassword, passwordHash }: UserConfig): string[] {
  return [
    ...(sshAuthorizedKeys.length + sshImportIds.length > 0 ? ['a key'] : []),
    ...(lockPassword || passwordHash === undefined || /^[!*]/.test(passwordHash) ? [] : ['a password']),
  ];
}
