/** A header's value and its parameters. */
export interface MimeField {
  /** Lower case. */
  readonly value: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A part of a message that has no parts of its own. */
export interface MimeLeaf {
  /** By lower-case name; the first of a name counts. */
  readonly headers: ReadonlyMap<string, string>;
  /** `text/plain` when there is none. */
  readonly type: string;
  readonly fileName: string | undefined;
  readonly body: Uint8Array;
}

/** Deeper messages are nobody's. */
const maxDepth = 16;

/** True when bytes are to be read as a message: as cloud-init does, by the header `MIME-Version` near the beginning. Pure. */
export function isMime(bytes: Uint8Array): boolean {
  return /mime-version:/i.test(Buffer.from(bytes.subarray(0, 4096)).toString('latin1'));
}

/**
 * The leaves of a message, in order. Never throws: what is not as RFC 2045 and 2046 want it is read as Python's `email`
 * reads it, which cloud-init uses: a text without headers is the body, and a missing end of a part ends with the message.
 * Pure.
 */
export function readMime(bytes: Uint8Array): MimeLeaf[] {
  return leavesOf(Buffer.from(bytes).toString('latin1'), 0);
}

function leavesOf(message: string, depth: number): MimeLeaf[] {
  const { headers, body } = splitHeaders(message);
  const type = readField(headers.get('content-type') ?? '');
  const boundary = type.parameters.get('boundary');
  if (type.value.startsWith('multipart/') && boundary !== undefined && depth < maxDepth)
    return splitParts(body, boundary).flatMap((part) => leavesOf(part, depth + 1));
  const disposition = readField(headers.get('content-disposition') ?? '');
  return [
    {
      headers,
      type: /^[^/\s]+\/[^/\s]+$/.test(type.value) ? type.value : 'text/plain',
      fileName: disposition.parameters.get('filename') ?? type.parameters.get('name'),
      body: decode(body, headers.get('content-transfer-encoding')),
    },
  ];
}

/** Headers end with the first blank line, or before the first line that is none. */
function splitHeaders(message: string): { headers: Map<string, string>; body: string } {
  const headers = new Map<string, string>();
  let rest = message;
  let last: string | undefined;
  // What a mailbox would begin with.
  if (rest.startsWith('From ')) rest = rest.slice(lineEnd(rest));
  while (rest !== '') {
    const end = lineEnd(rest);
    const line = rest.slice(0, end).replace(/[\r\n]+$/, '');
    if (line === '') return { headers, body: rest.slice(end) };
    const field = /^([!-9;-~]+)\s*:\s*(.*)$/.exec(line);
    if (/^[ \t]/.test(line) && last !== undefined) {
      headers.set(last, `${headers.get(last) ?? ''} ${line.trim()}`);
    } else if (field === null) {
      return { headers, body: rest };
    } else {
      const [, name = '', value = ''] = field;
      last = name.toLowerCase();
      if (!headers.has(last)) headers.set(last, value.trim());
    }
    rest = rest.slice(end);
  }
  return { headers, body: '' };
}

function lineEnd(text: string): number {
  const end = text.indexOf('\n');
  return end === -1 ? text.length : end + 1;
}

/** What stands between lines of `--BOUNDARY`; the line break before one belongs to it (RFC 2046, 5.1.1). */
function splitParts(body: string, boundary: string): string[] {
  const delimiter = new RegExp(
    `(?:^|\\r?\\n)--${boundary.replace(/[.*+?^\${}()|[\]\\]/g, '\\$&')}(--)?[ \\t]*(?=\\r?\\n|$)`,
    'g',
  );
  const parts: string[] = [];
  let start: number | undefined;
  for (const match of body.matchAll(delimiter)) {
    if (start !== undefined) parts.push(body.slice(start, match.index));
    if (match[1] !== undefined) return parts;
    const after = match.index + match[0].length;
    start = after + (/^\r?\n/.exec(body.slice(after, after + 2))?.[0].length ?? 0);
  }
  if (start !== undefined) parts.push(body.slice(start).replace(/\r?\n$/, ''));
  return parts;
}

/** `text/x; name="a b"; charset=utf-8` (RFC 2045, 5.1); of RFC 2231 the form `name*=utf-8''a%20b`. */
function readField(text: string): MimeField {
  const [value = '', ...rest] = splitFields(text);
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const match = /^\s*([^=\s]+?)(\*)?\s*=\s*(.*?)\s*$/s.exec(parameter);
    if (match === null) continue;
    const [, name = '', extended, raw = ''] = match;
    const plain = raw.startsWith('"') ? raw.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1') : raw;
    parameters.set(name.toLowerCase(), extended === undefined ? plain : decodeExtended(plain));
  }
  return { value: value.trim().toLowerCase(), parameters };
}

/** At semicolons that no quotes are around. */
function splitFields(text: string): string[] {
  const fields: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (text[at] !== ';' || isQuoted) continue;
    fields.push(text.slice(start, at));
    start = at + 1;
  }
  return [...fields, text.slice(start)];
}

function decodeExtended(text: string): string {
  const encoded = text.split("'").at(-1) ?? '';
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function decode(body: string, encoding = '7bit'): Uint8Array {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return new Uint8Array(Buffer.from(body, 'base64'));
    case 'quoted-printable':
      return new Uint8Array(Buffer.from(decodeQuoted(body), 'latin1'));
    default:
      return new Uint8Array(Buffer.from(body, 'latin1'));
  }
}

/** RFC 2045, 6.7. */
function decodeQuoted(text: string): string {
  return text
    .replace(/[ \t]+(?=\r?\n)/g, '')
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-Fa-f]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
