import { createHmac } from 'node:crypto';
import { encrypt } from 'unixcrypt';

/** Turns a clear-text password into a crypt(3) hash; undefined when it cannot (the caller only checks a text). */
export type PasswordHasher = (clear: string) => string | undefined;

/** In front of a hash that stands where the config's author wrote a clear-text password. */
export const sealedPrefix = 'sealed:';
const sealedPattern = /^sealed:(\$6\$[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86})$/;

/**
 * A hasher whose salts come from a secret of the host: the same password gives the same hash on this host, so applying a
 * text twice changes nothing. SHA-512 of https://www.akkadia.org/drepper/SHA-crypt.txt. Pure.
 */
export function passwordHasher(seed: string): PasswordHasher {
  return (clear) => {
    const salt = createHmac('sha256', seed).update(clear).digest('base64').slice(0, 16).replaceAll('+', '.');
    return encrypt(clear, `$6$${salt}`);
  };
}

/** The hash in a value that {@link sealPassword} made; undefined for any other. */
export function sealedHash(value: string): string | undefined {
  return sealedPattern.exec(value)?.[1];
}

/** What to store instead of a clear-text password; a sealed value stays as it is. */
export function sealPassword(value: string, hash: PasswordHasher): string {
  if (value === '' || sealedHash(value) !== undefined) return value;
  const hashed = hash(value);
  return hashed === undefined ? value : `${sealedPrefix}${hashed}`;
}

/** True for the hashes that cloud-init tells from clear text where either may stand. */
export function isPasswordHash(value: string): boolean {
  return /^\$(1|2a|2y|5|6|y)(\$.+){2}/.test(value);
}
