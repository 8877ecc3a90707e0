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
  const bytes = data.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

/** A `data:` URL with the bytes. */
export function encodeDataUrl(bytes: Uint8Array): string {
  return `data:;base64,${Buffer.from(bytes).toString('base64')}`;
}
