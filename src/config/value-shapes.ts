import { messageOf } from '../core/errors.ts';
import { nextTime, parseCron } from '../core/schedule/cron.ts';
import { isCertificates } from './certificates.ts';
import type { Place } from './place.ts';
import { convert, describeValue, type Shape, text, textLike } from './shape.ts';

/** An absolute path without a NUL or a `..` part. */
export const absolutePath: Shape<string> = convert(
  text,
  (value, place) => {
    if (value.startsWith('/') && !value.includes('\0') && !value.split('/').includes('..')) return value;
    place.error('invalid-value', `${describeValue(value)} is not an absolute path without ".."`);
    return undefined;
  },
  { pattern: '^/' },
);

/** A cron expression that comes true at some time, as it is written. */
export const cronExpression: Shape<string> = convert(text, (value, place) => {
  try {
    // Whichever years a search goes through, a day that is in none of nine is in none.
    if (nextTime(parseCron(value), 0, 'UTC') !== null) return value;
    place.error('invalid-value', `${describeValue(value)} never comes: no such month has such a day`);
    return undefined;
  } catch (error) {
    place.error(
      'invalid-value',
      messageOf(error),
      'minute hour day-of-month month day-of-week: "30 4 * * *" is half past four',
    );
    return undefined;
  }
});

/** A user's or group's name as useradd(8) accepts it. */
export const accountName: Shape<string> = textLike(
  /^[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?$/,
  'a user or group name: a letter, then at most 30 letters, digits, "_", "-" and "."',
);

/** Device-mapper writes other characters in another way, and `control` is its own. */
export const mapperNamePattern = /^(?!control$)[A-Za-z0-9_][A-Za-z0-9#+.:=@_-]{0,126}$/;

/** The name of a device that is made with device-mapper. */
export const mapperName: Shape<string> = textLike(
  mapperNamePattern,
  'the name of a mapped device: a letter or digit, then letters, digits and any of "_-.:=@+#"',
);

/** A host name: labels of RFC 1123 with dots between them, at most 64 characters (Linux' HOST_NAME_MAX). */
export const hostName: Shape<string> = convert(
  textLike(
    /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?$/,
    'a host name: letters, digits and "-", in parts of at most 63 with dots between them',
  ),
  (value) => value.replace(/\.$/, ''),
);

/** An IPv4 or IPv6 address. */
export const ipAddress: Shape<string> = textLike(
  /^(\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[\w.-]+)?)$/,
  'an IP address',
);

/** A crypt(3) hash; a value that is not one is never repeated. */
export const passwordHash: Shape<string> = textLike(
  /^(\$[\w-]+\$.+|[./0-9A-Za-z]{13}|[!*]+)$/,
  'a crypt(3) hash, so nobody could log in with it',
  { hint: 'make one with: openssl passwd -6', secret: true },
);

/** One line of an authorized_keys file. */
export const sshKey: Shape<string> = convert(text, (value, place) => {
  const line = value.trim();
  if (/^-----BEGIN/.test(line)) {
    place.error(
      'invalid-value',
      'this is a PEM block, perhaps a private key; an authorized key is one line',
      'give the content of the .pub file',
    );
    return undefined;
  }
  if (line === '' || /[\r\n\0]/.test(line)) {
    place.error('invalid-value', 'an authorized key is one line of text');
    return undefined;
  }
  if (!keyTypes.test(line))
    place.warn('invalid-value', 'does not look like an SSH public key: no known key type in it');
  return line;
});

const keyTypes =
  /(^|\s)(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com|[\w-]+-cert-v01@openssh\.com)\s/;

/** The name of a kernel module. */
export const moduleName: Shape<string> = textLike(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'the name of a kernel module');

/** The name of a kernel setting; the first separator tells which of `.` and `/` separates. */
export const sysctlName: Shape<string> = textLike(
  /^[A-Za-z0-9_-]+([./][A-Za-z0-9_*:@-]+)+$/,
  'the name of a kernel setting, such as net.ipv4.ip_forward',
);

/** A PEM certificate, or several in one text. */
export const certificate: Shape<string> = convert(text, (value, place) => {
  if (isCertificates(value)) return value.trim();
  place.error('invalid-value', 'is not a PEM certificate', 'it begins with -----BEGIN CERTIFICATE-----');
  return undefined;
});

/** A time zone of the IANA database. */
export const timeZone: Shape<string> = convert(text, (value, place) => {
  if (isTimeZone(value)) return value;
  place.error(
    'invalid-value',
    `${describeValue(value)} is not a time zone of the IANA database`,
    'for example Europe/Berlin or UTC',
  );
  return undefined;
});

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** An http or https URL. */
export const webUrl: Shape<string> = convert(
  text,
  (value, place) => {
    if (URL.canParse(value) && /^https?:\/\//i.test(value)) return value;
    place.error('invalid-value', 'is not an http or https URL');
    return undefined;
  },
  { pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' },
);

/** Reports, and leaves out, a name that already stands in the list. */
export function unique(items: readonly string[], place: Place): string[] {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) place.child(index).warn('duplicate', `"${item}" already stands in the list`);
    seen.add(item);
  }
  return [...seen];
}
