import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { dataUrl, lines, parseIgnition } from './support.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('Ignition to the host', () => {
  test('files with contents, appended parts, owners and what becomes of those that are there', () => {
    const { config, diagnostics } = parseIgnition({
      storage: {
        files: [
          { path: '/a', contents: { source: dataUrl('x y') }, mode: 384, user: { id: 500 }, group: { name: 'www' } },
          { path: '/b', overwrite: true, contents: { source: '' } },
          { path: '/c', append: [{ source: dataUrl('1') }, { source: 'data:;base64,Mg==' }] },
          {
            path: '/d',
            contents: { compression: 'gzip', source: `data:;base64,${gzipSync('packed').toString('base64')}` },
          },
        ],
      },
    });
    expect(diagnostics).toEqual([]);
    const root = { mode: 0o644, owner: 'root', group: 'root', defer: false };
    const keeps = ['mode', 'owner', 'group'];
    expect(config.files).toEqual([
      {
        ...{ path: '/a', contentBase64: base64('x y'), mode: 0o600, owner: '500', group: 'www' },
        ...{ append: false, defer: false, existing: 'refuse', keeps: [] },
      },
      { ...root, path: '/b', contentBase64: '', append: false, existing: 'replace', keeps: [] },
      { ...root, path: '/c', contentBase64: '', append: false, existing: 'keep', keeps },
      { ...root, path: '/c', contentBase64: base64('1'), append: true, keeps },
      { ...root, path: '/c', contentBase64: base64('2'), append: true, keeps },
      { ...root, path: '/d', contentBase64: base64('packed'), append: false, existing: 'refuse', keeps: [] },
    ]);
  });

  test('content on a server is fetched later, with its headers and hash', () => {
    const hash = `sha256-${'0'.repeat(64)}`;
    const source = 'https://files.example/a';
    const { config } = parseIgnition({
      ignition: { timeouts: { httpTotal: 30 } },
      storage: {
        files: [
          {
            path: '/a',
            contents: { source, verification: { hash }, httpHeaders: [{ name: 'X-Key', value: 'k' }] },
          },
        ],
      },
    });
    expect(config.files[0]?.remote).toEqual({ url: source, hash, headers: [{ name: 'X-Key', value: 'k' }] });
    expect(config.fetch).toEqual({ totalSeconds: 30 });
  });

  test('kernel arguments but those that are Berth’s own, which have no effect', () => {
    const result = parseIgnition({
      kernelArguments: {
        shouldExist: ['audit=0', 'root=/dev/sda', 'mitigations=auto,nosmt'],
        shouldNotExist: ['quiet'],
      },
    });
    expect(result.config.kernelArguments).toEqual({
      present: ['audit=0', 'mitigations=auto,nosmt'],
      absent: ['quiet'],
    });
    expect(lines(result)).toEqual([
      expect.stringMatching(/^warning .*kernelArguments[.]shouldExist\[1\].*"root=\/dev\/sda" is Berth's own to set/),
    ]);
  });

  test('directories, links and units', () => {
    const { config } = parseIgnition({
      storage: {
        directories: [{ path: '/d', mode: 448 }],
        links: [{ path: '/l', target: '../x', overwrite: true }],
      },
      systemd: {
        units: [
          { name: 'a@x.service', enabled: true },
          { name: 'a@y.service', enabled: true },
          { name: 'b.service', mask: true, dropins: [{ name: '1.conf', contents: '[Unit]\nA=b\n' }] },
        ],
      },
    });
    expect(config.directories).toEqual([
      { path: '/d', mode: 0o700, owner: 'root', group: 'root', keeps: ['owner', 'group'], overwrite: false },
    ]);
    expect(config.links?.map(({ path, target, overwrite }) => [path, target, overwrite])).toEqual([
      ['/l', '../x', true],
      ['/etc/systemd/system/b.service', '/dev/null', true],
    ]);
    expect(
      config.files.map(({ path, contentBase64 }) => [path, Buffer.from(contentBase64, 'base64').toString()]),
    ).toEqual([
      ['/etc/systemd/system/b.service.d/1.conf', '[Unit]\nA=b\n'],
      ['/etc/systemd/system-preset/20-ignition.preset', 'enable a@.service x y\n'],
    ]);
  });

  test('accounts', () => {
    const { config } = parseIgnition({
      passwd: {
        users: [
          { name: 'core', sshAuthorizedKeys: ['ssh-ed25519 AAAA me'] },
          { name: 'app', uid: 1500, noUserGroup: true, noCreateHome: true, passwordHash: '$6$a$b', groups: ['www'] },
          { name: 'old', shouldExist: false },
        ],
        groups: [{ name: 'www', gid: 900 }],
      },
    });
    expect(config.users.map(({ name, groups, lockPassword }) => [name, groups, lockPassword])).toEqual([
      ['core', ['docker'], true],
      ['app', ['www'], false],
    ]);
    expect(config.users[1]).toMatchObject({ uid: 1500, primaryGroup: 'users', createHome: false });
    expect(config.absent).toEqual({ users: ['old'], groups: [] });
    expect(config.groups).toEqual([{ name: 'www', gid: 900, members: [] }]);
  });

  test('disks, an array and file systems with their mounts', () => {
    const { config, diagnostics } = parseIgnition({
      storage: {
        disks: [
          {
            device: '/dev/vdb',
            wipeTable: true,
            partitions: [{ label: 'a', sizeMiB: 100 }, { label: 'b' }],
          },
        ],
        raid: [{ name: '/dev/md/r', level: 'mirror', devices: ['/dev/vdc', '/dev/vdd'] }],
        filesystems: [
          { device: '/dev/md/r', format: 'xfs', path: '/var/lib/data', label: 'data', mountOptions: ['noatime'] },
          { device: '/dev/vdb2', format: 'swap', wipeFilesystem: true },
        ],
      },
    });
    expect(diagnostics).toEqual([]);
    expect(config.storage).toMatchObject({
      disks: [{ device: '/dev/vdb', overwrite: true, partitions: [{ label: 'a' }, { size: { kind: 'rest' } }] }],
      raid: [{ name: 'r', level: '1' }],
      filesystems: [
        { device: '/dev/md/r', type: 'xfs', label: 'data', overwrite: false },
        { device: '/dev/vdb2', type: 'swap', overwrite: true },
      ],
    });
    expect(config.mounts).toEqual([
      { source: '/dev/md/r', target: '/var/lib/data', type: 'xfs', options: ['noatime'] },
    ]);
    expect(config.swap).toEqual([{ kind: 'device', source: '/dev/vdb2', options: [] }]);
  });

  test('partitions with all that can be said of them: numbered ones come first', () => {
    const guid = '5A1C7E0E-4A0F-4B57-9D0C-3C6F2A2B9E11';
    const { config, diagnostics } = parseIgnition({
      storage: {
        disks: [
          {
            device: '/dev/vdb',
            partitions: [
              { label: 'b', resize: true },
              { label: 'a', number: 4, sizeMiB: 10, startMiB: 20, guid, typeGuid: guid, wipePartitionEntry: true },
            ],
          },
          { device: '/dev/vdc', partitions: [{ number: 1, shouldExist: false, wipePartitionEntry: true }] },
        ],
      },
    });
    expect(diagnostics).toEqual([]);
    const mebibyte = 2 ** 20;
    expect(config.storage.disks).toEqual([
      {
        ...{ device: '/dev/vdb', table: 'gpt', overwrite: false, others: 'keep' },
        partitions: [
          {
            ...{ label: 'a', number: 4, size: { kind: 'bytes', bytes: 10 * mebibyte }, startBytes: 20 * mebibyte },
            ...{ guid: guid.toLowerCase(), type: guid, otherwise: ['replace'] },
          },
          { label: 'b', size: { kind: 'rest' }, otherwise: ['resize'] },
        ],
      },
      {
        ...{ device: '/dev/vdc', table: 'gpt', overwrite: false, others: 'keep' },
        partitions: [{ number: 1, size: { kind: 'rest' }, otherwise: ['replace'], isAbsent: true }],
      },
    ]);
  });

  test('encrypted devices: a key from the text, from a server, and one that the host makes', () => {
    const result = parseIgnition({
      storage: {
        luks: [
          {
            ...{ name: 'given', device: '/dev/vdb', keyFile: { source: dataUrl('key') }, label: 'l', wipeVolume: true },
            ...{ uuid: '5A1C7E0E-4a0f-4b57-9d0c-3c6f2a2b9e11', options: ['--cipher=x'], openOptions: ['--y'] },
          },
          { name: 'fetched', device: '/dev/vdc', keyFile: { source: 'https://a/key' }, discard: true },
          { name: 'random', device: '/dev/vdd', clevis: { tpm2: false } },
        ],
      },
    });
    expect(lines(result)).toEqual([
      expect.stringMatching(/^info .* storage.luks\[2\].clevis.tpm2: false has no effect/),
    ]);
    const plain = { options: [], openOptions: [], discard: false, overwrite: false };
    expect(result.config.storage.luks).toEqual([
      {
        ...{ name: 'given', device: '/dev/vdb', key: { kind: 'given', contentBase64: base64('key') }, label: 'l' },
        ...{ uuid: '5a1c7e0e-4a0f-4b57-9d0c-3c6f2a2b9e11', options: ['--cipher=x'], openOptions: ['--y'] },
        ...{ discard: false, overwrite: true },
      },
      {
        ...{ ...plain, name: 'fetched', device: '/dev/vdc', discard: true },
        key: { kind: 'remote', remote: { url: 'https://a/key', headers: [] } },
      },
      { ...plain, name: 'random', device: '/dev/vdd', key: { kind: 'random' } },
    ]);
  });

  const encrypted = (more: object): object => ({ storage: { luks: [{ name: 'a', device: '/dev/vdb', ...more }] } });
  test.each([
    ['a key in the TPM', encrypted({ clevis: { tpm2: true, threshold: 1 } }), 'storage.luks[0].clevis.tpm2'],
    [
      'a key of a Tang server',
      encrypted({ clevis: { tang: [{ url: 'http://t', thumbprint: 'x' }] } }),
      'storage.luks[0].clevis.tang',
    ],
    [
      'another pin of Clevis',
      encrypted({ clevis: { custom: { pin: 'sss', config: '{}' } } }),
      'storage.luks[0].clevis.custom',
    ],
    ['a key of an adapter', encrypted({ cex: { enabled: true } }), 'storage.luks[0].cex.enabled'],
    ['a name that is written otherwise', encrypted({ name: 'a b' }), 'storage.luks[0].name'],
    ['an empty key', encrypted({ keyFile: { source: 'data:,' } }), 'storage.luks[0].keyFile.source'],
    [
      'an array elsewhere',
      { storage: { raid: [{ name: '/dev/md0', level: '1', devices: ['/dev/vdd', '/dev/vde'] }] } },
      'storage.raid[0].name',
    ],
    [
      'a linear array',
      { storage: { raid: [{ name: 'l', level: 'linear', devices: ['/dev/vdd'] }] } },
      'storage.raid[0].level',
    ],
    [
      'a partition that takes the rest before another',
      { storage: { disks: [{ device: '/dev/vdb', partitions: [{ label: 'a' }, { label: 'b', sizeMiB: 1 }] }] } },
      'storage.disks[0].partitions[0].sizeMiB',
    ],
    [
      'tftp',
      { storage: { files: [{ path: '/a', contents: { source: 'tftp://a/b' } }] } },
      'storage.files[0].contents.source',
    ],
    [
      'no object of a store',
      { storage: { files: [{ path: '/a', contents: { source: 's3://bucket' } }] } },
      'storage.files[0].contents.source',
    ],
    [
      'content without its hash',
      {
        storage: {
          files: [{ path: '/a', contents: { source: 'data:,x', verification: { hash: `sha512-${'0'.repeat(128)}` } } }],
        },
      },
      'storage.files[0].contents.verification.hash',
    ],
    [
      'a config on a server',
      { ignition: { config: { merge: [{ source: 'https://a/b' }] } } },
      'ignition.config.merge[0].source',
    ],
    [
      'a certificate on a server',
      { ignition: { security: { tls: { certificateAuthorities: [{ source: 'https://a/b' }] } } } },
      'ignition.security.tls.certificateAuthorities[0].source',
    ],
  ])('%s is refused at its place, and a good config all the same', (_name, config, key) => {
    const result = parseIgnition(config);
    expect(result.config.refused?.map((refused) => refused.key)).toEqual([key]);
    expect(result.diagnostics.map(({ severity, code, path }) => [severity, code, path])).toContainEqual([
      'warning',
      'refused',
      key,
    ]);
  });
});

test('of a device that is refused the key is told, too', () => {
  const luks = { name: 'a', device: '/dev/vdb', clevis: { tpm2: true }, keyFile: { source: 'data:,canary' } };
  const { diagnostics } = parseIgnition({ storage: { luks: [luks] } });
  const told = diagnostics.filter(({ path }) => path === 'storage.luks[0].keyFile.source');
  expect(told).toMatchObject([{ severity: 'info', code: 'no-effect' }]);
  expect(JSON.stringify(diagnostics)).not.toContain('canary');
});

test.each([
  'https://a/b',
  's3://bucket/a?versionId=1',
  'arn:aws:s3:::bucket/a',
  'gs://bucket/a',
])('content at %s is fetched on the host, as it is declared', (url) => {
  const hash = `sha256-${'0'.repeat(64)}`;
  const contents = { source: url, compression: 'gzip', verification: { hash } };
  const { config, diagnostics } = parseIgnition({ storage: { files: [{ path: '/a', contents }] } });
  expect(diagnostics).toEqual([]);
  expect(config.files).toMatchObject([{ remote: { url, compression: 'gzip', hash, headers: [] } }]);
});

describe('configs that refer to others', () => {
  const child = {
    ignition: { version: '3.0.0' },
    storage: {
      files: [
        { path: '/both', contents: { source: dataUrl('child') } },
        { path: '/child', contents: { source: dataUrl('child') } },
      ],
      links: [{ path: '/was-a-file', target: '/child' }],
    },
  };
  const parent = {
    files: [
      { path: '/parent', contents: { source: dataUrl('parent') } },
      { path: '/both', mode: 384, contents: { source: dataUrl('parent') } },
      { path: '/was-a-file', contents: { source: dataUrl('parent') } },
    ],
  };
  const reference = { source: dataUrl(JSON.stringify(child)) };
  const shown = (files: readonly { path: string; mode: number; contentBase64: string }[]): string[] =>
    files.map(
      ({ path, mode, contentBase64 }) =>
        `${path} ${mode.toString(8)} ${Buffer.from(contentBase64, 'base64').toString()}`,
    );

  test('merge: by path, the other config over this one', () => {
    const { config, diagnostics } = parseIgnition({ ignition: { config: { merge: [reference] } }, storage: parent });
    expect(diagnostics).toEqual([]);
    expect(shown(config.files)).toEqual(['/parent 644 parent', '/both 600 child', '/child 644 child']);
    expect(config.links?.map(({ path }) => path)).toEqual(['/was-a-file']);
  });

  test('replace: nothing of this one is left', () => {
    const { config } = parseIgnition({ ignition: { config: { replace: reference } }, storage: parent });
    expect(shown(config.files)).toEqual(['/both 644 child', '/child 644 child']);
  });

  test('what is wrong in the other one is told at the reference, and refused', () => {
    const bad = { source: dataUrl('{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"a"}]}}') };
    const result = parseIgnition({ ignition: { config: { merge: [bad] } } });
    expect(lines(result)).toEqual([
      'warning 1:51 ignition.config.merge[0]: in the config it refers to, at storage.files[0].path: "a" is not an absolute path: on Berth, nothing of this config is applied',
    ]);
  });

  test('a circle comes to an end', () => {
    let source = dataUrl('{"ignition":{"version":"3.0.0"}}');
    for (let depth = 0; depth < 12; depth += 1) {
      const config = { ignition: { version: '3.1.0', config: { merge: [{ source }] } } };
      source = `data:;base64,${base64(JSON.stringify(config))}`;
    }
    const { config } = parseIgnition({ ignition: { config: { merge: [{ source }] } } });
    expect(config.refused?.map(({ why }) => why)).toEqual(['configs refer to each other more than 10 deep']);
  });
});

describe('version 2', () => {
  test('files of the root file system, modes that are 0 when they are left out, appended parts', () => {
    const { config } = parseIgnition(
      {
        storage: {
          filesystems: [{ name: 'data', path: '/var/data' }],
          files: [
            { filesystem: 'root', path: '/a', contents: { source: dataUrl('a') }, mode: 420 },
            { filesystem: 'data', path: '/b' },
            { filesystem: 'root', path: '/c', append: true, contents: { source: dataUrl('c') }, mode: 420 },
          ],
        },
        passwd: { users: [{ name: 'app', create: { uid: 1500 } }] },
        systemd: { units: [{ name: 'a.service', enable: true, contents: '[Install]\nWantedBy=b\n' }] },
      },
      '2.2.0',
    );
    expect(config.files.map(({ path, mode, append }) => [path, mode, append])).toEqual([
      ['/a', 0o644, false],
      ['/var/data/b', 0, false],
      ['/c', 0o644, false],
      ['/c', 0o644, true],
      ['/etc/systemd/system/a.service', 0o644, false],
      ['/etc/systemd/system-preset/20-ignition.preset', 0o644, false],
    ]);
    expect(config.users[0]).toMatchObject({ name: 'app', uid: 1500 });
  });

  test('places are those of the text', () => {
    const result = parseIgnition(
      {
        ignition: { config: { append: [{ source: 'https://a/b' }] } },
        storage: {
          filesystems: [{ name: 'x', mount: { device: '/dev/a', format: 'ext4' } }],
          files: [{ filesystem: 'x', path: '/a', mode: 0 }],
        },
      },
      '2.1.0',
    );
    expect(result.config.refused?.map(({ key }) => key)).toHaveLength(2);
    const refused = result.diagnostics.filter(({ code }) => code === 'refused');
    expect(refused.map(({ path }) => path)).toEqual(['ignition.config.append[0].source', 'storage.files[0]']);
  });
});
