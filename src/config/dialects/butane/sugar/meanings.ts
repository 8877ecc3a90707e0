const inline =
  'the `source`, as a `data:` URL: escaped, as base64, or packed with gzip, whichever is shortest; `compression` says so';
const local = `as \`inline\`, with the content of a local file`;
const owner = 'the owner of everything the tree makes';

/** What each key that Butane adds to Ignition becomes, for the documentation. */
export const sugarMeanings: Readonly<Record<string, string>> = {
  variant: 'which kind of host the config is for: it selects the keys',
  version: "the version of the variant's spec, and so `ignition.version`",
  'ignition.config.merge[].inline': `${inline}; checked as an Ignition config of that version`,
  'ignition.config.merge[].local': local,
  'ignition.config.replace.inline': `${inline}; checked as an Ignition config of that version`,
  'ignition.config.replace.local': local,
  'ignition.security.tls.certificate_authorities[].inline': inline,
  'ignition.security.tls.certificate_authorities[].local': local,
  'passwd.users[].ssh_authorized_keys_local': 'further `sshAuthorizedKeys`: one for each line of local files',
  'storage.files[].append[].inline': inline,
  'storage.files[].append[].local': local,
  'storage.files[].contents.inline': inline,
  'storage.files[].contents.local': local,
  'storage.filesystems[].with_mount_unit':
    'an enabled `.mount` unit (`.swap` for swap) that waits for the check of the file system; options from `mount_options`, and `_netdev` for a volume that a Tang server opens',
  'storage.luks[].key_file.inline': inline,
  'storage.luks[].key_file.local': local,
  'storage.trees[].local':
    'files and links of a local directory; a file that is executable gets mode 0755, others 0644',
  'storage.trees[].path': 'where the tree begins on the host; `/` when it is left out',
  'storage.trees[].group.id': owner,
  'storage.trees[].group.name': owner,
  'storage.trees[].user.id': owner,
  'storage.trees[].user.name': owner,
  'storage.trees[].file_mode': 'the mode of all files of the tree',
  'storage.trees[].dir_mode': 'the mode of its directories, which are declared as well when this or an owner is given',
  'systemd.units[].contents_local': '`contents`, from a local file',
  'systemd.units[].dropins[].contents_local': '`contents`, from a local file',
  'systemd.quadlets[].name':
    'a file of that name below /etc/containers/systemd/users; a link to its template for an instance (`web@1.container`)',
  'systemd.quadlets[].contents': 'the content of that file',
  'systemd.quadlets[].contents_local': 'the same, from a local file',
  'systemd.quadlets[].dropins[].name': 'a file of that name in the directory `NAME.d` beside it',
  'systemd.quadlets[].dropins[].contents': 'the content of that file',
  'systemd.quadlets[].dropins[].contents_local': 'the same, from a local file',
  'systemd.quadlets[].rootful': 'true: below /etc/containers/systemd instead',
  'boot_device.layout': 'the architecture: which firmware partitions a mirrored disk has',
  'boot_device.luks.tang[].thumbprint': 'a LUKS volume `root` that this server unlocks, with an xfs on it',
  'boot_device.luks.tang[].url': 'see `thumbprint`',
  'boot_device.luks.tang[].advertisement': 'see `thumbprint`',
  'boot_device.luks.threshold': 'how many of the servers and the TPM are needed',
  'boot_device.luks.tpm2': 'true: a LUKS volume `root` that the TPM unlocks, with an xfs on it',
  'boot_device.luks.discard': 'whether the volume passes discards on',
  'boot_device.luks.cex.enabled': 'true: a LUKS volume `root` with a key of a Crypto Express adapter (s390x)',
  'boot_device.luks.device': 'the disk that the volume is on, for the layouts s390x-eckd and s390x-zfcp',
  'boot_device.mirror.devices':
    'partitioned alike, with RAID 1 over their partitions for /boot and the root, and the file systems of both',
  'grub.users[].name': 'a superuser of GRUB: appended to /boot/grub2/user.cfg, with /boot mounted for it',
  'grub.users[].password_hash': "that user's hash, as grub2-mkpasswd-pbkdf2 makes it",
  'metadata.name': 'the name of the MachineConfig',
  'metadata.labels': 'its labels; `machineconfiguration.openshift.io/role` is needed',
  'openshift.kernel_arguments': '`spec.kernelArguments` of the MachineConfig',
  'openshift.extensions': '`spec.extensions` of the MachineConfig',
  'openshift.fips': '`spec.fips` of the MachineConfig; up to 4.19 also the cipher of LUKS volumes',
  'openshift.kernel_type': '`spec.kernelType` of the MachineConfig',
};
