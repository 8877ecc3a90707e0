const token = "[!#$%&'*+\\-.0-9A-Z^_`a-z{|}~]";
const discrete = '(?:text|image|audio|video|application|message|multipart)';
const quoted = '"(?:[^"\\\\\\n\\x80-\\uffff]|\\\\(?:[abfnrtv\\\\"]|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|u[0-9A-Fa-f]{4}))*"';
const value = "(?:%[0-9A-Fa-f]{2}|[!#$&'*+\\-.0-9A-Z^_`a-z{|}~])+";

/** What stands before the data: a media type of RFC 2045, parameters, and how the data is written. */
const headPattern = new RegExp(
  `^data:(?:(?:[xX]-${token}*|${discrete}${token}*)/${token}*)?(?:;${token}+=(?:${value}|${quoted}))*(;base64)?,`,
);
/** No URL character of RFC 2396, or an escape without its digits. */
const notPlain = /[^%!$&'()*+,\-./0-9:;=?@A-Z_a-z~]|%(?![0-9A-Fa-f]{2})/;
const notBase64 = /[^A-Za-z0-9+/]/;

/** The bytes in a `data:` URL (RFC 2397); undefined when it is not one. Pure. */
export function decodeDataUrl(url: string): Buffer | undefined {
  const head = headPattern.exec(url);
  if (head === null) return undefined;
  const data = url.slice(head[0].length);
  if (head[1] !== undefined) {
    const packed = data.replaceAll('\n', '');
    const isPacked = packed.length % 4 === 0 && !notBase64.test(packed.replace(/={1,2}$/, ''));
    return isPacked ? Buffer.from(packed, 'base64') : undefined;
  }
  if (notPlain.test(data)) return undefined;
  return data.includes('%') ? unescaped(data) : Buffer.from(data, 'latin1');
}

/** Each `%` and two hexadecimal digits as the byte they stand for. */
function unescaped(data: string): Buffer {
  const bytes = Buffer.alloc(data.length);
  let length = 0;
  for (let at = 0; at < data.length; at += 1) {
    const isEscape = data.charCodeAt(at) === 0x25;
    bytes[length] = isEscape ? Number.parseInt(data.slice(at + 1, at + 3), 16) : data.charCodeAt(at);
    if (isEscape) at += 2;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** A `data:` URL with the bytes. */
export function encodeDataUrl(bytes: Uint8Array): string {
  return `data:;base64,${Buffer.from(bytes).toString('base64')}`;
}
