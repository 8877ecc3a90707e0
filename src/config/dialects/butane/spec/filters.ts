/** A part of the Ignition config that a variant does not allow. */
export interface FieldFilter {
  /** Dotted path, list indexes left out. */
  readonly path: string;
  readonly why: string;
  /** An empty value is not the part that is meant. */
  readonly allowsEmpty?: boolean;
}

const immutableHosts = 'is not supported by this variant';

const diskFilters: readonly FieldFilter[] = [
  { path: 'kernelArguments', why: `kernel argument customization ${immutableHosts}` },
  { path: 'storage.disks', why: `disk customization ${immutableHosts}` },
  { path: 'storage.filesystems', why: `filesystem customization ${immutableHosts}` },
  { path: 'storage.luks', why: `LUKS ${immutableHosts}` },
  { path: 'storage.raid', why: `RAID ${immutableHosts}` },
];

const userField = (minor: number): string =>
  `only "name", "ssh_authorized_keys"${minor >= 13 ? ' and "password_hash"' : ''} of a user are supported by this version`;

/** What the Machine Config Operator cannot do, or does in another place (`openshift.kernel_arguments`). */
function openshiftFilters(minor: number): FieldFilter[] {
  const userFields = [
    'gecos',
    'groups',
    'homeDir',
    'noCreateHome',
    'noLogInit',
    'noUserGroup',
    'primaryGroup',
    'shell',
    'shouldExist',
    'system',
    'uid',
    ...(minor < 13 ? ['passwordHash'] : []),
  ];
  return [
    ...(minor >= 14
      ? [{ path: 'kernelArguments', why: 'kernel arguments belong under openshift.kernel_arguments in this version' }]
      : []),
    { path: 'passwd.groups', why: 'groups are not supported by this version' },
    ...userFields.map((key) => ({ path: `passwd.users.${key}`, why: userField(minor) })),
    { path: 'storage.directories', why: 'directories are not supported by this version' },
    { path: 'storage.files.append', why: 'appending to files is not supported by this version' },
    ...(minor < 10
      ? [
          {
            path: 'storage.files.contents.compression',
            why: 'file compression is not supported by this version',
            allowsEmpty: true,
          },
        ]
      : []),
    { path: 'storage.files.contents.httpHeaders', why: 'HTTP headers of files are not supported by this version' },
    { path: 'storage.links', why: 'links are not supported by this version' },
  ];
}

/** What a variant does not allow in the Ignition config it makes. */
export function filtersOf(variant: string, base: number, openshift: number | undefined): readonly FieldFilter[] {
  if (openshift !== undefined) return openshiftFilters(openshift);
  if (variant === 'r4e' || variant === 'fiot') return diskFilters;
  if (variant !== 'flatcar') return [];
  return base < 8
    ? [{ path: 'storage.luks.clevis', why: 'Clevis is not supported by this version' }]
    : [{ path: 'storage.luks.cex', why: 'CEX is not supported by this variant' }];
}
