import { isIpAddress } from '../compose/ip-address.ts';
import { convert, describeValue, type Shape, text, word } from '../shape.ts';

/** True for an IPv6 address or network. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}

/** An IPv4 or IPv6 address, in the form in which the kernel shows it. */
export const address: Shape<string> = convert(text, (value, place) => {
  if (isIpAddress(value)) return canonicalAddress(value);
  place.error('invalid-value', `${describeValue(value)} is not an IP address`);
  return undefined;
});

/** An address of one family. */
export function addressOf(family: 4 | 6): Shape<string> {
  return convert(address, (value, place) => {
    if (isIpv6(value) === (family === 6)) return value;
    place.error('invalid-value', `${value} is not an IPv${family} address`);
    return undefined;
  });
}

/** An address with its prefix length: `192.0.2.10/24`. */
export const interfaceAddress: Shape<string> = convert(text, (value, place) => {
  const parts = splitPrefix(value);
  if (parts?.length !== undefined) return `${parts.address}/${parts.length}`;
  const hint = parts === undefined ? undefined : `write ${value}/${isIpv6(value) ? 64 : 24} for the usual network size`;
  place.error('invalid-value', `${describeValue(value)} is not an IP address with a prefix length`, hint);
  return undefined;
});

/** Where a route leads: `default`, or a network; one address is a network of its own. */
export const routeTarget: Shape<string> = convert(text, (value, place) => {
  if (value === 'default') return value;
  const parts = splitPrefix(value);
  if (parts === undefined) {
    place.error('invalid-value', `${describeValue(value)} is not "default", a network or an address`);
    return undefined;
  }
  const network = networkOf(parts.address, parts.length ?? (isIpv6(parts.address) ? 128 : 32));
  if (parts.length !== undefined && network !== `${parts.address}/${parts.length}`) {
    place.warn('invalid-value', `${value} has bits set behind its prefix: read as ${network}`);
  }
  return network;
});

/** A hardware address, lower case with colons. */
export const macAddress: Shape<string> = convert(text, (value, place) => {
  const mac = value.toLowerCase().replaceAll('-', ':');
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) return mac;
  place.error(
    'invalid-value',
    `${describeValue(value)} is not a MAC address`,
    'for example 52:54:00:12:34:56, in quotes',
  );
  return undefined;
});

export const deviceNameRule = '1 to 15 characters without "/", ":" or blanks';

/** A name the kernel takes for a device (IFNAMSIZ: 15 bytes). */
export const deviceName: Shape<string> = convert(word, (value, place) => {
  if (isDeviceName(value)) return value;
  place.error('invalid-value', `${describeValue(value)} is not a device name: ${deviceNameRule}`);
  return undefined;
});

/** True for a name the kernel takes. */
export function isDeviceName(name: string): boolean {
  return /^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..' && new TextEncoder().encode(name).length <= 15;
}

/** `2001:DB8::0` → `2001:db8::`, as RFC 5952 and the kernel write it; an IPv4 address stays. The address must be valid. */
export function canonicalAddress(value: string): string {
  return isIpv6(value) ? new URL(`http://[${value}]/`).hostname.slice(1, -1) : value;
}

/** The network that an address with this prefix length is in: `10.1.2.3`, 8 → `10.0.0.0/8`. */
export function networkOf(value: string, prefixLength: number): string {
  const bytes = toBytes(value).map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    return byte & (0xff << (8 - bits));
  });
  return `${fromBytes(bytes)}/${prefixLength}`;
}

/** `255.255.255.0` → 24, `ffff:ffff::` → 32, `24` → 24; undefined when it is none. */
export function prefixLengthOf(netmask: string): number | undefined {
  if (/^\d{1,3}$/.test(netmask)) return Number(netmask) <= 128 ? Number(netmask) : undefined;
  if (!isIpAddress(netmask)) return undefined;
  const bits = toBytes(netmask)
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0+$/, '').length : undefined;
}

/** Splits `address/length`; `length` is undefined without one, the whole is when it is neither. */
export function splitPrefix(
  value: string,
): { readonly address: string; readonly length: number | undefined } | undefined {
  const [head = '', tail, ...more] = value.split('/');
  if (!isIpAddress(head) || more.length > 0) return undefined;
  if (tail === undefined) return { address: canonicalAddress(head), length: undefined };
  const most = isIpv6(head) ? 128 : 32;
  if (!/^\d{1,3}$/.test(tail) || Number(tail) > most) return undefined;
  return { address: canonicalAddress(head), length: Number(tail) };
}

function toBytes(value: string): number[] {
  if (!isIpv6(value)) return value.split('.').map(Number);
  const [head = '', tail] = canonicalAddress(value).split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<number>(zeros).fill(0), ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function fromBytes(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2)
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  return canonicalAddress(groups.join(':'));
}
