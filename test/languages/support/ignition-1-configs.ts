/** Configs of version 1, of which the modules' documentation has next to none; they have everything that version knows. */
export const version1Configs: readonly object[] = [
  { ignitionVersion: 1 },
  {
    ignitionVersion: 1,
    storage: {
      disks: [
        {
          device: '/dev/sda',
          wipeTable: true,
          partitions: [
            { label: 'system', number: 1, start: 2048, size: 40960 },
            { label: 'data', number: 2, start: 43008, typeGuid: '0FC63DAF-8483-4772-8E79-3D69D8477DE4' },
          ],
        },
      ],
      raid: [{ name: 'pair', level: 'raid1', devices: ['/dev/sdb', '/dev/sdc', '/dev/sdd'], spares: 1 }],
      filesystems: [
        {
          device: '/dev/md/pair',
          format: 'ext4',
          create: { force: true, options: ['-L', 'PAIR'] },
          files: [{ path: '/srv/hello', contents: 'hello\n', mode: 420, uid: 500, gid: 501 }],
        },
        { device: '/dev/sda2', format: 'btrfs' },
      ],
    },
  },
  {
    ignitionVersion: 1,
    systemd: {
      units: [
        {
          name: 'a.service',
          enable: true,
          mask: false,
          contents: '[Service]\nExecStart=/bin/true\n',
          dropins: [{ name: 'b.conf', contents: '[Service]\nType=oneshot\n' }],
        },
      ],
    },
    networkd: { units: [{ name: '00-a.network', contents: '[Match]\nName=a\n' }] },
    passwd: {
      users: [
        {
          name: 'ops',
          passwordHash: '*',
          sshAuthorizedKeys: ['ssh-ed25519 A'],
          create: {
            ...{ uid: 1010, gecos: 'Operator', homeDir: '/srv/ops', noCreateHome: false, primaryGroup: 'crew' },
            ...{ groups: ['docker'], noUserGroup: true, system: false, noLogInit: false, shell: '/bin/bash' },
          },
        },
      ],
      groups: [{ name: 'crew', gid: 600, passwordHash: '*', system: false }],
    },
  },
];
