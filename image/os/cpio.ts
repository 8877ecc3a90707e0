/** An entry of an initrd. Paths are relative; a directory comes before what is in it. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly data: Buffer; readonly executable: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'device'; readonly path: string; readonly major: number; readonly minor: number };

/** Source: stat(2), st_mode. */
const fileTypes = { directory: 0o040000, file: 0o100000, link: 0o120000, device: 0o020000 } as const;

/**
 * A cpio archive as the kernel unpacks it as initramfs; owners are root, times 0, so the same entries give the same bytes.
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst ("newc"). Pure.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const pieces = entries.flatMap((entry, index) => record(entry, index + 1));
  pieces.push(...record({ kind: 'directory', path: 'TRAILER!!!' }, 0));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  pieces.push(Buffer.alloc((512 - (total % 512)) % 512));
  return Buffer.concat(pieces);
}

function record(entry: CpioEntry, inode: number): Buffer[] {
  const data = dataOf(entry);
  const isTrailer = inode === 0;
  const [major, minor] = entry.kind === 'device' ? [entry.major, entry.minor] : [0, 0];
  const fields = [
    inode,
    isTrailer ? 0 : fileTypes[entry.kind] | permissionsOf(entry),
    0,
    0,
    entry.kind === 'directory' && !isTrailer ? 2 : 1,
    0,
    data.length,
    0,
    0,
    major,
    minor,
    entry.path.length + 1,
    0,
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${entry.path}\0`;
  return [padded(Buffer.from(header, 'latin1')), padded(data)];
}

function dataOf(entry: CpioEntry): Buffer {
  if (entry.kind === 'file') return entry.data;
  return entry.kind === 'link' ? Buffer.from(entry.target) : Buffer.alloc(0);
}

function permissionsOf(entry: CpioEntry): number {
  switch (entry.kind) {
    case 'directory':
      return 0o755;
    case 'file':
      return entry.executable ? 0o755 : 0o644;
    case 'link':
      return 0o777;
    case 'device':
      return 0o600;
  }
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
