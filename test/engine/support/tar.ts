export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const block = 512;
const typeFlags = { file: '0', directory: '5', link: '2' } as const;

/** A tar archive (POSIX.1-1988 ustar), owner root, all times 0: the same entries give the same bytes. Paths up to 100 bytes. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap((entry) => [header(entry), ...content(entry)]), Buffer.alloc(2 * block)]);
}

function header(entry: TarEntry): Buffer {
  const bytes = Buffer.alloc(block);
  const size = entry.kind === 'file' ? entry.content.length : 0;
  const mode = entry.kind === 'link' ? 0o777 : entry.mode;
  bytes.write(entry.kind === 'directory' ? `${entry.path}/` : entry.path, 0);
  bytes.write(octal(mode, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(0, 11), 136);
  bytes.write('        ', 148);
  bytes.write(typeFlags[entry.kind], 156);
  if (entry.kind === 'link') bytes.write(entry.target, 157);
  bytes.write('ustar\0' + '00', 257);
  // The checksum counts its own field as blanks.
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148);
  return bytes;
}

function content(entry: TarEntry): Buffer[] {
  if (entry.kind !== 'file') return [];
  return [entry.content, Buffer.alloc((block - (entry.content.length % block)) % block)];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
