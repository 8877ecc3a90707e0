/** What goes into a test's archive; whatever is left out is as in a good one. */
export interface Entry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  /** `0` file, `5` directory, `x` records, `2` link. */
  readonly kind?: string;
  readonly prefix?: string;
  /** Instead of the content's. */
  readonly size?: string;
  readonly checksum?: string;
  readonly magic?: string;
}

/** A tar archive (ustar) with an end. */
export function tarOf(...entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.map(packed), Buffer.alloc(1024)]);
}

/** A header and its content. */
export function packed(entry: Entry): Buffer {
  const { path, kind = '0', prefix = '', magic = 'ustar\0' } = entry;
  const content = Buffer.from(entry.content ?? '');
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write(entry.size ?? content.length.toString(8).padStart(11, '0'), 124);
  header.write(kind, 156);
  header.write(`${magic}00`, 257);
  header.write(prefix, 345);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(entry.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** Records of a pax header. */
export function records(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      // The length counts its own digits.
      const length = [rest + 1, rest + 2, rest + 3].find((total) => String(total).length === total - rest);
      return `${length ?? 0} ${key}=${value}\n`;
    })
    .join('');
}
