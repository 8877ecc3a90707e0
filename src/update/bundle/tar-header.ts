import { refuse } from '../tuf/refusal.ts';

/** Bytes of a header; content is padded to them. */
export const tarBlockBytes = 512;

/** What follows a header. */
export interface TarHeader {
  /** `extended`: records about the next header, see {@link parseTarRecords}. */
  readonly kind: 'file' | 'directory' | 'extended';
  readonly path: string;
  readonly size: number;
}

/** Where POSIX.1-2001, pax, "ustar Interchange Format" has what. */
const fields = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  kind: [156, 1],
  magic: [257, 6],
  prefix: [345, 155],
} as const;

const kinds: Readonly<Record<string, TarHeader['kind']>> = {
  '': 'file',
  '0': 'file',
  '5': 'directory',
  x: 'extended',
};

/** Reads a header; undefined for a block of zeros, which is the archive's end. Pure. Throws RELEASE_REFUSED for anything else. */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = ([start, length]: readonly [number, number]): string => {
    const bytes = Buffer.from(block.subarray(start, start + length));
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end === -1 ? length : end);
  };
  if (text(fields.magic) !== 'ustar') throw malformed('it is no tar archive (ustar or pax)');
  if (octal(text(fields.checksum)) !== checksum(block)) throw malformed('a header of it is damaged');
  const kind = kinds[text(fields.kind)];
  const name = text(fields.name);
  if (kind === undefined) throw malformed(`${JSON.stringify(name)} in it is neither a file nor a directory`);
  const prefix = text(fields.prefix);
  const path = prefix === '' ? name : `${prefix}/${name}`;
  return { kind, path, size: kind === 'directory' ? 0 : octal(text(fields.size)) };
}

/** Reads records `LENGTH KEY=VALUE\n`. Pure. Throws RELEASE_REFUSED. */
export function parseTarRecords(bytes: Uint8Array): Partial<Pick<TarHeader, 'path' | 'size'>> {
  let rest = Buffer.from(bytes);
  let path: string | undefined;
  let size: number | undefined;
  while (rest.length > 0) {
    const [digits = '', length = ''] = /^([1-9]\d{0,5}) /.exec(rest.toString('latin1', 0, 8)) ?? [];
    const end = Number(length);
    if (digits === '' || end > rest.length || rest[end - 1] !== 0x0a) throw malformed('a record of it is damaged');
    const record = rest.toString('utf8', digits.length, end - 1);
    const equals = record.indexOf('=');
    if (equals < 1) throw malformed('a record of it is damaged');
    const value = record.slice(equals + 1);
    if (record.startsWith('path=')) path = value;
    if (record.startsWith('size=')) size = decimal(value);
    rest = rest.subarray(end);
  }
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size }) };
}

/** The error for an archive that cannot be a bundle. Pure. */
export function malformed(what: string): Error {
  return refuse('malformed', 'bundle', what);
}

/** The sum of all bytes, those of the sum itself as blanks. */
function checksum(block: Uint8Array): number {
  const [start, length] = fields.checksum;
  return block.reduce((sum, byte, at) => sum + (at >= start && at < start + length ? 0x20 : byte), 0);
}

function octal(text: string): number {
  const digits = /^ *([0-7]+) *$/.exec(text)?.[1];
  if (digits === undefined) throw malformed('a header of it has something else for a number');
  return Number.parseInt(digits, 8);
}

function decimal(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw malformed(`${JSON.stringify(text)} is no size`);
  return Number(text);
}
