/** What becomes of a key: `done` on the host, `kept` in another form, `refused` with the whole config, or `left` with a warning. */
type Fate = 'done' | 'kept' | 'refused' | 'left';

export interface KeyMeaning {
  readonly fate: Fate;
  readonly meaning: string;
}

const done = (meaning: string): KeyMeaning => ({ fate: 'done', meaning });
const kept = (meaning: string): KeyMeaning => ({ fate: 'kept', meaning });
const refused = (meaning: string): KeyMeaning => ({ fate: 'refused', meaning });
const left = (meaning: string): KeyMeaning => ({ fate: 'left', meaning });

const ownership = {
  path: done('where it is; below `/usr` and the like nothing can be written on a running host'),
  user: done('`id` or `name`; root when it is left out'),
  group: done('`id` or `name`; root when it is left out'),
};

/** Every key of the newest specification, by structure. */
export const keyMeanings: Readonly<Record<string, Readonly<Record<string, KeyMeaning>>>> = {
  ignition: {
    version: done('which specification the config follows'),
    config: done('other configs: see there'),
    timeouts: done('limits for what is fetched; without `httpTotal` a try ends after 60 s and is made again'),
    security: done('`tls.certificateAuthorities`: see there'),
    proxy: done(
      '`httpProxy`, `httpsProxy`, `noProxy`: for what the config has fetched, the engines, the updater and every service',
    ),
  },
  references: {
    merge: done('configs laid over this one, from `data:` URLs, and from servers when the host boots'),
    replace: done('a config in the place of this one, from a `data:` URL, or from a server when the host boots'),
  },
  tls: {
    certificateAuthorities: done(
      'certificates to trust, from `data:` URLs, and from servers when the host boots; also for what is fetched after them',
    ),
  },
  resource: {
    source: done(
      '`data:` is unpacked when the config is read; http, https, `s3`, `arn` and `gs` are fetched when it is applied; `tftp`: refused',
    ),
    compression: done('`gzip`, from `s3` and `arn`, too'),
    verification: done('`hash`: of the unpacked content, checked before anything is replaced'),
    httpHeaders: done('sent with the request, to that server only'),
  },
  file: {
    ...ownership,
    overwrite: done('true: whatever is there goes; false: a file that nobody declared before is left, and reported'),
    contents: done('without a source: what is there stays, else the file is empty'),
    append: done('parts behind the contents, in order'),
    mode: done('0644 when it is left out; the set-user-id, set-group-id and sticky bits from 3.6.0 on'),
  },
  directory: {
    ...ownership,
    overwrite: done('true: a file or link that is there goes; a directory stays, with what is in it'),
    mode: done('0755 when it is left out'),
  },
  link: {
    ...ownership,
    overwrite: done('true: whatever is there goes'),
    target: done('where it leads'),
    hard: done('another name of the same file; it is made last'),
  },
  disk: {
    device: done('the whole disk'),
    wipeTable: done('true: what is on the disk may be lost, on the first apply; a table that is as declared stays'),
    partitions: done('others stay; they are changed on the first apply only, and not on the disk of the system itself'),
  },
  partition: {
    label: done('the partition’s name; without a number it is found again by it'),
    number: done('its number; 0: the first that is free'),
    sizeMiB: done('0: what is left, for the last partition; for others: refused'),
    startMiB: done('where it begins; without it, or 0: behind the one before it'),
    typeGuid: done('Linux file system when it is left out; then a partition of another type is left as it is'),
    guid: done('its GUID'),
    wipePartitionEntry: done('true: one that is there and is not as declared goes, with what is on it'),
    shouldExist: done(
      'false: with `wipePartitionEntry`, one of this number goes; without, that it is there is reported',
    ),
    resize: done('true: one that differs in its size only gets the declared one, what is on it stays'),
  },
  raid: {
    name: done('the array is /dev/md/NAME'),
    level: done('`raid0` to `raid10`, and their other names; `linear`: refused, Linux has had none from 6.8 on'),
    devices: done('what it is made of'),
    spares: done('how many of them stand by'),
    options: done('further options of `mdadm --create`'),
  },
  filesystem: {
    device: done('what it is made on'),
    format: done(
      '`ext4`, `xfs`, `btrfs`, `vfat`, `swap` (is used as such); `none`: nothing is made; `virtiofs`: is mounted',
    ),
    path: kept('it is mounted there at every boot, where Ignition only mounts it while it runs'),
    wipeFilesystem: done('true: another file system on the device may be lost, on the first apply'),
    label: done('the file system’s label'),
    uuid: kept('an option of mkfs'),
    options: done('further options of mkfs'),
    mountOptions: done('options of the mount'),
  },
  luks: {
    name: done('what is in it is /dev/mapper/NAME; characters that device-mapper would escape: refused'),
    device: done('it is encrypted with LUKS2'),
    keyFile: done(
      'what opens it; without it the host makes a key. It is kept in /var/lib/berth/luks (mode 0600), and opens the device at every boot before anything is mounted',
    ),
    label: done('the volume’s label'),
    uuid: done('the volume’s UUID'),
    options: done('further options of `cryptsetup luksFormat`'),
    openOptions: done('further options of `cryptsetup open`; kept in the header'),
    discard: done('true: the device below is told which blocks are free; kept in the header'),
    wipeVolume: done(
      'true: what else is on the device may be lost, on the first apply; a volume of this label and UUID that the key opens stays',
    ),
    clevis: refused('keys are neither sealed to a TPM nor asked of Tang servers'),
    cex: refused('there are no Crypto Express adapters'),
  },
  unit: {
    '': left('written to /etc/systemd/system, with drop-ins, masks and presets; there is no systemd that runs them'),
  },
  networkdUnit: { '': left('version 2 only: written to /etc/systemd/network; there is no networkd that reads them') },
  user: {
    name: done('`core` may use Docker (unless `groups` says otherwise) and become root, as where it comes from'),
    passwordHash: done('without it nobody logs in by password'),
    sshAuthorizedKeys: done('keys that open the account'),
    uid: done('its number'),
    gecos: done('full name'),
    homeDir: done('home directory'),
    noCreateHome: done('true: no home is made'),
    primaryGroup: done('a group that is made when it is not there'),
    groups: done('further groups'),
    noUserGroup: done('true: the primary group is `users`'),
    noLogInit: left('there is no lastlog'),
    shell: done('login shell'),
    shouldExist: done('false: the account goes'),
    system: done('numbered as a system account'),
  },
  group: {
    name: done('its name'),
    gid: done('its number'),
    passwordHash: left('nobody joins a group by its password'),
    shouldExist: done('false: the group goes'),
    system: left('groups are numbered by Berth: give `gid`'),
  },
  kernelArguments: {
    shouldExist: done(
      'behind the release’s own, from the next boot on, and taken back when the host is not well with them; `init`, `root`, `panic`, `berth.*` and the like are Berth’s own and have no effect',
    ),
    shouldNotExist: done('what the release itself has stays, and is reported'),
  },
};
