import type { UserConfig } from '../../host-config.ts';
import { isPasswordHash, type PasswordHasher, sealedHash } from '../../password.ts';
import { type Shape, textLike } from '../../shape.ts';

/** A password as it stands in the text: clear or, where that is allowed, a hash. Secret. */
export interface Password {
  readonly user: string;
  readonly value: string;
  readonly kind: 'clear' | 'hash' | 'either';
}

/** One line of text; never repeated in a message. */
export const clearText: Shape<string> = textLike(/^[^\r\n\0]+$/, 'a password on one line', { secret: true });

/** The crypt(3) hash of a password as it stands in a text; undefined when the caller only checks the text. */
export function hashOf({ value, kind }: Omit<Password, 'user'>, hash: PasswordHasher): string | undefined {
  if (kind === 'hash' || (kind === 'either' && isPasswordHash(value))) return value;
  return sealedHash(value) ?? hash(value);
}

/** Gives a user of the draft a password that opens the account. */
export function setPassword(
  user: { -readonly [K in keyof UserConfig]: UserConfig[K] },
  hash: string | undefined,
): void {
  if (hash !== undefined) user.passwordHash = hash;
  user.lockPassword = hash === undefined ? user.lockPassword : false;
}
