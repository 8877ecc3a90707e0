import { describe, expect, test } from '@jest/globals';
import { lines, parseText } from './support.ts';

const outdated = 'ignitionVersion: version 1 of Ignition is outdated';

function read(config: object): string[] {
  return lines(parseText(JSON.stringify({ ignitionVersion: 1, ...config }))).map((line) =>
    line.replace(/ \d+:\d+ /, ' '),
  );
}

const faults: readonly { name: string; config: object; errors: string[] }[] = [
  { name: 'nothing but the version', config: {}, errors: [] },
  { name: 'an empty section of later versions', config: { ignition: {} }, errors: [] },
  {
    name: 'a disk without a device',
    config: { storage: { disks: [{ partitions: [{ number: 1 }] }] } },
    errors: ['storage.disks[0].device: the path is missing'],
  },
  {
    name: 'two partitions without a number',
    config: { storage: { disks: [{ device: '/dev/sda', partitions: [{ label: 'a' }, { label: 'b' }] }] } },
    errors: ['storage.disks[0].partitions: several partitions have no number'],
  },
  {
    name: 'a file system without a format, a relative path and a mode that is none',
    config: { storage: { filesystems: [{ device: '/dev/sda1', files: [{ path: 'a', mode: 4096 }] }] } },
    errors: [
      'storage.filesystems[0].format: "" is no format of a file system here',
      'storage.filesystems[0].files[0].path: "a" is not an absolute path',
      'storage.filesystems[0].files[0].mode: 4096 is no file mode: it is a decimal number up to 4095 (octal 7777)',
    ],
  },
  {
    name: 'names of units',
    config: {
      systemd: { units: [{ name: 'a', dropins: [{ name: 'b' }] }] },
      networkd: { units: [{ name: 'c.service' }] },
    },
    errors: [
      'systemd.units[0].name: "a" is not the name of a systemd unit',
      'systemd.units[0].dropins[0].name: "b" is not the name of a drop-in',
      'networkd.units[0].name: "c.service" is not the name of a networkd unit',
    ],
  },
  {
    name: 'what is in a unit is not looked at',
    config: { systemd: { units: [{ name: 'a.service', contents: '[[' }] } },
    errors: [],
  },
  {
    name: 'contents as later versions have them',
    config: {
      storage: {
        filesystems: [{ device: '/dev/a', format: 'xfs', files: [{ path: '/a', contents: { source: '' } }] }],
      },
    },
    errors: ['storage.filesystems[0].files[0].contents: expected text, found a mapping'],
  },
];

describe('Ignition version 1', () => {
  test.each(faults)('$name', ({ config, errors }) => {
    const found = read(config);
    expect(found.filter((line) => line.startsWith('error'))).toEqual(errors.map((line) => `error ${line}`));
    if (errors.length === 0) expect(found).toContain(`warning ${outdated}`);
  });

  test('keys of later versions have no effect', () => {
    expect(read({ storage: { files: [{ path: '/a' }] } })).toContain(
      'warning storage.files: unknown key "files": it has no effect',
    );
  });

  test('ignition.version counts where both are given', () => {
    expect(lines(parseText('{"ignitionVersion": 1, "ignition": {"version": "3.0.0"}}'))).toEqual([
      'warning 1:2 ignitionVersion: unknown key "ignitionVersion": it has no effect',
    ]);
  });

  test.each(['"1.6.0"', '"0"', '"later"', '3'])('an ignition.version that is none does not count: %s', (version) => {
    const found = lines(parseText(`{"ignitionVersion": 1, "ignition": {"version": ${version}}}`));
    expect(found.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(found.some((line) => line.endsWith(outdated))).toBe(true);
  });

  test('accounts, groups and units are declared', () => {
    const { config } = parseText(
      JSON.stringify({
        ignitionVersion: 1,
        passwd: {
          users: [{ name: 'ops', sshAuthorizedKeys: ['ssh-ed25519 A'], create: { uid: 1010, shell: '/bin/bash' } }],
          groups: [{ name: 'crew', gid: 600 }],
        },
        systemd: { units: [{ name: 'a.service', enable: true, contents: '[Install]\nWantedBy=a.target\n' }] },
      }),
    );
    expect(config.users.find(({ name }) => name === 'ops')).toMatchObject({ uid: 1010, shell: '/bin/bash' });
    expect(config.files.map(({ path }) => path)).toContain('/etc/systemd/system/a.service');
  });

  test('a file on a file system without a mount point is told at its own place', () => {
    const files = [{ path: '/etc/motd', contents: 'hello', uid: 5 }];
    const found = read({ storage: { filesystems: [{ device: '/dev/sda1', format: 'ext4', files }] } });
    const why = 'the file system it is on has no mount point';
    expect(found).toEqual(
      expect.arrayContaining([
        `warning storage.filesystems[0].files[0]: ${why}: on Berth, nothing of this config is applied`,
        `info storage.filesystems[0].files[0].uid: 5 has no effect, because ${why}`,
      ]),
    );
    expect(found.filter((line) => line.includes('storage.files['))).toEqual([]);
  });
});
