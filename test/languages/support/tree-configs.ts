import { gzipSync } from 'node:zlib';

/** A config to make a tree of. */
interface TreeConfig {
  readonly name: string;
  readonly text: string;
}

const data = (text: string): string => `data:,${encodeURIComponent(text)}`;

/** What `storage` may say, each by itself; /srv/present is a file that is there before. */
const storages: Readonly<Record<string, object>> = {
  'a file': { files: [{ path: '/etc/a', contents: { source: data('x') } }] },
  'an empty file': { files: [{ path: '/etc/a' }] },
  'a file far below': { files: [{ path: '/var/lib/x/y/z', contents: { source: data('deep\n') } }] },
  base64: { files: [{ path: '/etc/a', contents: { source: 'data:text/plain;charset=utf-8;base64,AAECA/8=' } }] },
  gzip: {
    files: [
      {
        path: '/etc/a',
        contents: { compression: 'gzip', source: `data:;base64,${gzipSync('packed\n').toString('base64')}` },
      },
    ],
  },
  'owners by number': {
    files: [{ path: '/etc/a', user: { id: 7 }, group: { id: 8 }, contents: { source: data('x') } }],
  },
  'owners by name': { files: [{ path: '/etc/a', user: { name: 'app' }, group: { name: 'www' } }] },
  'an owner who is not there': { files: [{ path: '/etc/a', user: { name: 'nobody-here' } }] },
  'appended to what is there': { files: [{ path: '/srv/present', append: [{ source: data('more\n') }] }] },
  'appended to what is not there': {
    files: [{ path: '/srv/new', append: [{ source: data('1') }, { source: data('2') }] }],
  },
  'contents and parts behind them': {
    files: [{ path: '/srv/new', contents: { source: data('0') }, append: [{ source: data('1') }] }],
  },
  'the same part twice': { files: [{ path: '/srv/new', append: [{ source: data('1') }, { source: data('1') }] }] },
  'a part that is the contents': {
    files: [{ path: '/srv/new', contents: { source: data('1') }, append: [{ source: data('1') }] }],
  },
  'a file in the way': { files: [{ path: '/srv/present', contents: { source: data('mine') } }] },
  'a file in the way that may go': {
    files: [{ path: '/srv/present', overwrite: true, contents: { source: data('mine') } }],
  },
  'a directory in the way': { files: [{ path: '/srv/there', contents: { source: data('mine') } }] },
  'a directory in the way that may go': {
    files: [{ path: '/srv/there', overwrite: true, contents: { source: data('mine') } }],
  },
  'only the mode of what is there': { files: [{ path: '/srv/present', mode: 384 }] },
  'only the owner of what is there': { files: [{ path: '/srv/present', user: { id: 5 } }] },
  'a directory': { directories: [{ path: '/srv/new' }] },
  'a directory with a mode and an owner': { directories: [{ path: '/srv/new/er', mode: 448, user: { name: 'app' } }] },
  'a directory that is there': { directories: [{ path: '/srv/there', mode: 457 }] },
  'a directory where a file is': { directories: [{ path: '/srv/present' }] },
  'a directory where a file is that may go': { directories: [{ path: '/srv/present', overwrite: true }] },
  'a directory and files in it': {
    directories: [{ path: '/srv/new', mode: 320 }],
    files: [{ path: '/srv/new/a' }, { path: '/srv/new/b/c', contents: { source: data('c') } }],
  },
  'a link': { links: [{ path: '/etc/l', target: '/srv/present' }] },
  'a link that leads nowhere': { links: [{ path: '/etc/l', target: '../nowhere' }] },
  'a link with an owner': { links: [{ path: '/etc/l', target: 'x', user: { id: 3 }, group: { name: 'www' } }] },
  'a link where a file is': { links: [{ path: '/srv/present', target: 'x' }] },
  'a link where a file is that may go': { links: [{ path: '/srv/present', target: 'x', overwrite: true }] },
  'a link where a directory is that may go': { links: [{ path: '/srv/there', target: 'x', overwrite: true }] },
  'a hard link': { links: [{ path: '/srv/other', target: '/srv/present', hard: true }] },
  'a hard link to a file of the config': {
    files: [{ path: '/srv/deep/er/file', contents: { source: data('x') } }],
    links: [{ path: '/srv/other', target: '/srv/deep/er/file', hard: true }],
  },
  'a hard link to nothing': { links: [{ path: '/srv/other', target: '/srv/nothing', hard: true }] },
  'a hard link where a file is': { links: [{ path: '/srv/present', target: '/etc/passwd', hard: true }] },
  'a hash': {
    files: [
      {
        path: '/etc/a',
        contents: {
          source: data('x'),
          verification: { hash: 'sha256-2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' },
        },
      },
    ],
  },
  'another hash': {
    files: [{ path: '/etc/a', contents: { source: data('x'), verification: { hash: `sha256-${'0'.repeat(64)}` } } }],
  },
};

/** Modes, with the bits that only the newest versions use. */
const modes = [0, 0o644, 0o600, 0o755, 0o777, 0o4755, 0o2755, 0o1777, 0o7777];

const units: Readonly<Record<string, object>> = {
  'a unit': {
    name: 'a.service',
    enabled: true,
    contents: '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=b.target\n',
  },
  'a unit that is not enabled': { name: 'a.service', enabled: false, contents: '[Service]\nExecStart=/bin/true\n' },
  'a masked unit': { name: 'a.service', mask: true },
  'a masked unit with contents': { name: 'a.service', mask: true, contents: '[Unit]\nA=b\n' },
  'a unit that is not masked': { name: 'a.service', mask: false, contents: '[Unit]\nA=b\n' },
  'drop-ins': { name: 'a.service', dropins: [{ name: '1.conf', contents: '[Unit]\nA=b\n' }, { name: '2.conf' }] },
  'an enabled unit without contents': { name: 'a.service', enabled: true },
};

/** Configs of every feature that a tree can show. */
export function treeConfigs(): TreeConfig[] {
  const of = (name: string, version: string, rest: object): TreeConfig => ({
    name,
    text: JSON.stringify({ ignition: { version }, ...rest }),
  });
  return [
    ...Object.entries(storages).map(([name, storage]) => of(name, '3.4.0', { storage })),
    ...['3.0.0', '3.6.0'].flatMap((version) =>
      modes.flatMap((mode) => [
        of(`a file with the mode ${mode} in ${version}`, version, { storage: { files: [{ path: '/srv/a', mode }] } }),
        of(`a directory with the mode ${mode} in ${version}`, version, {
          storage: { directories: [{ path: '/srv/a', mode, user: { id: 4 } }] },
        }),
      ]),
    ),
    ...Object.entries(units).map(([name, unit]) => of(name, '3.1.0', { systemd: { units: [unit] } })),
  ];
}
