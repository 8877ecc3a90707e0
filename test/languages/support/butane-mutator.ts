import type { RecordShape, Shape } from '../../../src/config/dialects/butane/spec/shape.ts';

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** Scalars that YAML's readers take for different things. */
const oddScalars = [
  '',
  '~',
  'null',
  'true',
  'yes',
  'Off',
  'y',
  '0644',
  '0o755',
  '0x1ff',
  '0b101',
  '644',
  '755',
  '0888',
  '1.5',
  '1e3',
  '-1',
  '+5',
  '1_000',
  '.5',
  '.inf',
  '.nan',
  '12:30',
  '2020-01-01',
  '2020-13-41',
  '9007199254740993',
  '18446744073709551616',
  '"5"',
  "'yes'",
  '"0644"',
  '!!str 5',
  '!!int "7"',
  '!!int x',
  '!!binary aGVsbG8=',
  '!!binary a',
  '!custom x',
  '[]',
  '{}',
  '[a, b]',
  '[~, a]',
  '{a: b}',
  'plain text # with a comment',
  '"quoted \\u00e9 \\x41"',
  '|\n    two\n    lines',
  '>-\n    folded\n    lines',
  '*nowhere',
  '&anchor value',
  '<<',
  'a: b',
  '- x',
  '@at',
  '%percent',
  '`tick',
  '/dev/vdb',
  '/etc/x',
  'core',
  'x86_64',
  's390x-eckd',
  'swap',
  'none',
  'btrfs',
  'https://example.com/x',
  'data:,hello',
  'gzip',
];

/** One change to a text: of a line, of a value, of a key, of the version. */
export function mutate(text: string, random: Random, others: readonly string[]): string {
  const lines = text.split('\n');
  const at = Math.floor(random() * lines.length);
  const line = lines[at] ?? '';
  const value = /^(\s*(?:- )*[\w."'-]+:)( .*)?$/.exec(line);
  switch (Math.floor(random() * 12)) {
    case 0:
      return lines.filter((_, index) => index !== at).join('\n');
    case 1:
      return [...lines.slice(0, at), line, ...lines.slice(at)].join('\n');
    case 2:
      return replaceLine(lines, at, random() < 0.5 ? ` ${line}` : line.replace(/^ {1,2}/, ''));
    case 3:
    case 4:
    case 5:
      return value === null ? text : replaceLine(lines, at, `${value[1] ?? ''} ${pick(random, oddScalars)}`);
    case 6: {
      const keys = [...text.matchAll(/^\s*(?:- )*([\w-]+):/gm)].map((match) => match[1] ?? '');
      if (keys.length === 0) return text;
      return replaceLine(lines, at, line.replace(/[\w-]+:/, `${pick(random, keys)}:`));
    }
    case 7: {
      const other = pick(random, others).split('\n');
      const start = Math.floor(random() * other.length);
      const taken = other.slice(start, start + 1 + Math.floor(random() * 6));
      return [...lines.slice(0, at), ...taken, ...lines.slice(at)].join('\n');
    }
    case 8:
      return text.replace(/^version:.*$/m, `version: ${pick(random, versions)}`);
    case 9:
      return text.replace(/^variant:.*$/m, `variant: ${pick(random, ['fcos', 'flatcar', 'openshift', 'r4e', 'fiot'])}`);
    case 10: {
      const index = Math.floor(random() * text.length);
      return text.slice(0, index) + pick(random, Array.from('":\'-[]{}#&*!|>%@ \t\n,?')) + text.slice(index + 1);
    }
    default:
      return replaceLine(lines, at, line.replace(/\d+/, String(Math.floor(random() * 9000))));
  }
}

const versions = [
  ...[
    '1.0.0',
    '1.1.0',
    '1.2.0',
    '1.3.0',
    '1.4.0',
    '1.5.0',
    '1.6.0',
    '1.7.0',
    '1.8.0-experimental',
    '1.1.0-experimental',
  ],
  ...[
    '1.2.0-experimental',
    '4.8.0',
    '4.12.0',
    '4.14.0',
    '4.19.0',
    '4.22.0',
    '4.23.0-experimental',
    '1.5',
    '01.5.0',
    'x',
  ],
];

function replaceLine(lines: readonly string[], at: number, line: string): string {
  return lines.map((old, index) => (index === at ? line : old)).join('\n');
}

/** Values that make sense under a key, several of each so that they collide now and then. */
const values: Readonly<Record<string, readonly string[]>> = {
  path: ['/etc/a', '/etc/b', '/var/c', '/boot/grub2/user.cfg', '/opt/../x', 'relative', '/etc/a/b'],
  device: ['/dev/vdb', '/dev/disk/by-id/coreos-boot-disk', '/dev/md/md-root', '/dev/mapper/root', '/dev/mapper/data'],
  format: ['xfs', 'ext4', 'swap', 'btrfs', 'none', 'vfat'],
  label: ['root', 'boot', 'data', 'BIOS-BOOT', 'var:x'],
  level: ['raid1', 'raid0', 'linear', 'raid9'],
  layout: ['x86_64', 'aarch64', 'ppc64le', 's390x-eckd', 's390x-virt', 's390x-zfcp', 'mips'],
  compression: ['gzip', '""', 'xz'],
  source: [
    'https://example.com/a',
    'data:,hello',
    'ftp://x',
    '""',
    '"http://[::1"',
    's3://bucket/key',
    'data:;base64,aGk=',
  ],
  hash: [`sha512-${'0'.repeat(128)}`, `sha256-${'a'.repeat(64)}`, 'md5-0'],
  url: ['https://tang.example.com', 'ftp://x', '""'],
  target: ['/etc/b', '../x', '""'],
  inline: ['"hello, world\\n"', '""', `"${'repeat '.repeat(40)}"`, '"\\u00e9\\x00\\x7f"'],
  contents: ['"[Unit]\\nDescription=x\\n[Install]\\nWantedBy=multi-user.target\\n"', '""', '"[Unit"'],
  kernel_type: ['default', 'realtime', '""', 'other'],
  guid: ['01234567-89AB-CDEF-EDCB-A98765432101', 'x'],
  type_guid: ['01234567-89AB-CDEF-EDCB-A98765432101', '""'],
  advertisement: [`'{"payload": "x"}'`, 'x', '""'],
  thumbprint: ['abc', '""'],
  pin: ['tpm2', 'tang', 'sss', 'other'],
  uuid: ['00000000-0000-0000-0000-000000000000'],
  mode: ['0644', '0755', '644', '755', '04755', '0'],
  file_mode: ['0600', '420'],
  dir_mode: ['0700'],
  http_proxy: ['http://proxy.example.com', 'x'],
  https_proxy: ['https://proxy.example.com', 'http://proxy.example.com'],
  devices: ['/dev/vda', '/dev/vdb', '/dev/vdc'],
  kernel_arguments: ['rd.luks.key=/etc/luks/cex.key', 'quiet'],
  ssh_authorized_keys: ['ssh-ed25519 AAAA a', 'ssh-ed25519 AAAB b'],
  password_hash: ['$y$j9T$aUmgEDoFIDPhGxEe2FUjc/', '""'],
  options: ['-c', '--cipher', '--cipher=x', '-L'],
};

const names: Readonly<Record<string, readonly string[]>> = {
  unit: ['a.service', 'b.mount', 'etc-a.mount', 'x', 'var-c.mount'],
  dropin: ['10-x.conf', '20-y.conf', 'x'],
  quadlet: ['web.container', 'web@.container', 'web@1.container', 'data.volume', 'x.service'],
  user: ['core', 'ops'],
  luks: ['data', 'root'],
  raid: ['md-root', 'data'],
};

/** A config of a spec with random keys and values; most values make sense under their key. */
export function generateButane(
  { variant, version }: { readonly variant: string; readonly version: string },
  shape: RecordShape,
  random: Random,
): string {
  const fields = shape.fields.filter(({ key }) => key !== 'variant' && key !== 'version');
  const body = recordLines({ ...shape, fields }, random, 0, variant === 'openshift' ? 0.35 : 0.3);
  const metadata =
    variant === 'openshift' && random() < 0.95
      ? 'metadata:\n  name: x\n  labels: {machineconfiguration.openshift.io/role: worker}\n'
      : '';
  const lines = body.replace(/^metadata:(?:\n(?: .*|$))*\n?|^metadata: .*\n/m, '');
  return `variant: ${variant}\nversion: ${version}\n${metadata}${lines}`;
}

function recordLines(shape: RecordShape, random: Random, depth: number, share: number): string {
  const indent = '  '.repeat(depth);
  const isNeeded = new Set(['name', 'path', 'device', 'url', 'local', 'level', 'devices', 'target']);
  return shape.fields
    .filter(({ key }) => random() < (isNeeded.has(key) && depth > 1 ? 0.9 : share))
    .map(({ key, shape: inner }) => `${indent}${key}:${valueText(key, inner, shape.name, random, depth)}\n`)
    .join('');
}

function valueText(key: string, shape: Shape, owner: string, random: Random, depth: number): string {
  if (random() < 0.004) return ` ${pick(random, oddScalars)}`;
  const indent = '  '.repeat(depth + 1);
  switch (shape.kind) {
    case 'record': {
      const lines = recordLines(shape, random, depth + 1, 0.45);
      return lines === '' ? ' {}' : `\n${lines.replace(/\n$/, '')}`;
    }
    case 'texts':
      return '\n' + `${indent}machineconfiguration.openshift.io/role: worker`;
    case 'list': {
      const count = 1 + Math.floor(random() * 2);
      const items = Array.from({ length: count }, () => {
        if (shape.item.kind !== 'record') return `${indent}-${valueText(key, shape.item, owner, random, depth + 1)}`;
        const lines = recordLines(shape.item, random, depth + 2, 0.35);
        return lines === '' ? `${indent}- {}` : lines.replace(/\n$/, '').replace(/^( *) {2}/, '$1- ');
      });
      return `\n${items.join('\n')}`;
    }
    case 'truth':
      return ` ${pick(random, ['true', 'true', 'false', 'yes'])}`;
    case 'whole':
      return ` ${pick(random, values[key] ?? ['0', '1', '2', '3', '1000', '8192'])}`;
    case 'text': {
      const named = key === 'name' ? names[owner] : undefined;
      return ` ${pick(random, named ?? values[key] ?? ['alpha', 'beta', '"two words"'])}`;
    }
  }
}
