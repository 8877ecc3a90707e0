import { isIpAddress } from '../compose/ip-address.ts';

/** What Go's net/url makes of a URL; only the parts that config languages look at. */
export interface GoUrl {
  /** In lower case; empty for a relative reference. */
  readonly scheme: string;
  /** What follows the scheme when it does not begin with a slash. */
  readonly opaque: string;
  /** With its port, without the user; as it is written. */
  readonly host: string;
  /** As it is written. */
  readonly path: string;
  readonly query: string;
}

const nothing: GoUrl = { scheme: '', opaque: '', host: '', path: '', query: '' };

/** What no host may have (RFC 3986, 3.2.2; `<`, `>` and quotes are let through as browsers write them). */
const notHost = /[^%A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\x80-\uffff]|%(?!25|[89A-Fa-f][0-9A-Fa-f])/;
const notUser = /[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/;

/** Parses a URL as Go does; undefined when Go refuses it. Pure. */
export function parseGoUrl(raw: string): GoUrl | undefined {
  const hash = raw.indexOf('#');
  const url = hash === -1 ? raw : raw.slice(0, hash);
  const fragment = hash === -1 ? '' : raw.slice(hash + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\0-\x1f\x7f]/.test(url) || !isEscaped(fragment)) return undefined;
  if (url === '*') return { ...nothing, path: '*' };
  if (url.startsWith(':')) return undefined;
  const name = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(url)?.[1];
  const scheme = (name ?? '').toLowerCase();
  const [rest = '', query = ''] = splitOnce(name === undefined ? url : url.slice(name.length + 1), '?');
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...nothing, scheme, opaque: rest, query };
    return rest.split('/', 1)[0]?.includes(':') === true ? undefined : { ...nothing, path: rest, query };
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'));
  const [authority = '', path = ''] = hasAuthority ? splitAuthority(rest) : ['', rest];
  if (!isAuthority(authority, scheme) || !isEscaped(path)) return undefined;
  return { scheme, opaque: '', host: authority.slice(authority.lastIndexOf('@') + 1), path, query };
}

/** The first value of a name in a query; undefined when it is not there. */
export function queryValue(query: string, name: string): string | undefined {
  for (const part of query.split('&')) {
    const [key = '', value = ''] = splitOnce(part, '=').map((text) => text.replaceAll('+', ' '));
    if (part === '' || part.includes(';') || !isEscaped(key) || !isEscaped(value)) continue;
    if (unescape(key) === name) return unescape(value);
  }
  return undefined;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function splitAuthority(rest: string): string[] {
  const slash = rest.indexOf('/', 2);
  return slash === -1 ? [rest.slice(2), ''] : [rest.slice(2, slash), rest.slice(slash)];
}

function isAuthority(authority: string, scheme: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = at === -1 ? '' : authority.slice(0, at);
  return !notUser.test(user) && isEscaped(user) && isHost(authority.slice(at + 1), scheme);
}

function isHost(host: string, scheme: string): boolean {
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) return false;
  if (bracket === 0) {
    const end = host.lastIndexOf(']');
    const [address = '', zone] = splitOnce(host.slice(1, end), '%25');
    if (end === -1 || !isPort(host.slice(end + 1)) || zone === '') return false;
    return address.includes(':') && isIpAddress(address);
  }
  const first = host.indexOf(':');
  // More than one colon is let through outside of http, where the last one begins the port.
  const colon = /^https?$/.test(scheme) ? first : host.lastIndexOf(':');
  return (first === -1 || isPort(host.slice(colon))) && !notHost.test(host);
}

function isPort(text: string): boolean {
  return /^(:\d*)?$/.test(text);
}

function isEscaped(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

function unescape(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
