import type { PackageRequest } from '../apt.ts';
import type { Architecture } from './layout.ts';

/** Debian's kernels: `cloud` has the drivers of virtual machines, `generic` those of real hardware too. */
export type KernelFlavour = 'cloud' | 'generic';

/** Needed by packages' installation scripts only (which we do not run), or by programs of theirs that we leave out. */
const leftOut: readonly string[] = [
  ...['adduser', 'apparmor', 'base-files', 'base-passwd', 'debconf', 'debianutils', 'default-mta', 'dpkg'],
  ...[
    'init-system-helpers',
    'initramfs-tools',
    'iptables',
    'libicu76',
    'libpam-modules',
    'libpam-modules-bin',
    'libpam-runtime',
  ],
  ...[
    'linux-base',
    'logsave',
    'lsb-base',
    'openssl',
    'passwd',
    'perl',
    'perl-base',
    'procps',
    'python3',
    'python3-dbus',
  ],
  ...['readline-common', 'runit-helper', 'sensible-utils', 'systemd', 'sysvinit-utils', 'ucf', 'udev'],
];

/** Needed by those of a package's programs that {@link onlyFiles} leaves out. */
const forOthers: readonly string[] = [
  ...['libdrm2', 'libfuse3-4', 'libglib2.0-0t64', 'libmspack0t64', 'libxml2'],
  ...['libxmlsec1t64', 'libxmlsec1t64-openssl', 'lsb-release', 'pciutils'],
];

/** What the OS itself is made of. */
export const rootPackages: PackageRequest = {
  packages: [
    ...['docker.io', 'containerd', 'runc', 'crun', 'tini'],
    ...['busybox-static', 'bash', 'coreutils', 'util-linux', 'mount', 'kmod', 'fdisk', 'dmsetup'],
    ...['xfsprogs', 'e2fsprogs', 'dosfstools', 'btrfs-progs', 'mdadm', 'cryptsetup-bin'],
    ...['iproute2', 'dhcpcd-base', 'ca-certificates', 'tzdata'],
    // Its sbverify tells whether the firmware would start a kernel image.
    'sbsigntool',
    // The shutdown script talks to the agent's socket.
    'netcat-openbsd',
    // Node is linked with it.
    'libstdc++6',
    'open-vm-tools',
    // Its layouts become the keymaps of the console.
    'xkb-data',
  ],
  without: [...leftOut, ...forOthers],
};

/** Packages of which a few files are wanted. */
const onlyFiles: Readonly<Record<string, readonly string[]>> = {
  // Asks VMware for guestinfo's values: 31 KB, linked with libc only.
  'open-vm-tools': ['/usr/bin/vmware-rpctool'],
  // 8 MB; the keymaps made of it take 0.5 MB.
  'xkb-data': [],
};

/** The kernel and the boot loader. */
export function kernelPackages(architecture: Architecture, flavour: KernelFlavour): PackageRequest {
  const kernel = flavour === 'cloud' ? `linux-image-cloud-${architecture}` : `linux-image-${architecture}`;
  // Drivers of real hardware want their firmware; the generic kernel's network and disk drivers run without.
  return { packages: [kernel, 'systemd-boot-efi'], without: [...leftOut, 'kmod', 'libc6', 'libssl3t64'] };
}

/** The programs that build the image, so that the machine's own versions of them do not matter. */
export const toolPackages: PackageRequest = {
  packages: [
    ...['erofs-utils', 'cryptsetup-bin', 'mtools', 'dosfstools', 'fdisk', 'kmod', 'busybox-static'],
    ...['zstd', 'xz-utils', 'qemu-utils', 'sbsigntool', 'efitools'],
    // Make the keymaps: ckbcomp, which is a Perl program, and loadkeys.
    ...['console-setup', 'kbd', 'perl-base', 'xkb-data'],
  ],
  without: [...leftOut.filter((name) => name !== 'perl-base'), 'liblocale-gettext-perl'],
};

/** Left out: for people who read or compile, for package management, or for programs that are left out themselves. */
const unwantedDirectories: readonly RegExp[] = [
  /^\/(boot|var)\//,
  /^\/usr\/(games|include|local|src)\//,
  /^\/usr\/share\/(man|info|locale|lintian|bug|bash-completion|zsh|fish|initramfs-tools|doc-base|gdb|gcc|perl5)\//,
  /^\/usr\/share\/(polkit-1|apport|docker\.io|xfsprogs|tabset|dbus-1|mdadm|menu|pixmaps|applications)\//,
  /^\/usr\/lib\/(systemd\/(system|system-generators|system-shutdown|network|user)|udev|sysusers\.d|tmpfiles\.d)\//,
  /^\/usr\/lib\/(dracut|initramfs-tools|python3|init|bash|linux-image[^/]*|mdadm|dhcpcd\/dev)\//,
  /^\/usr\/lib\/[^/]+-linux-gnu\/(engines-3|gconv|audit|perl|pkgconfig|security|e2fsprogs)\//,
  /^\/etc\/(init\.d|default|cron\.[a-z]+|logcheck|apt|kernel|logrotate\.d|init|initramfs|grub\.d|ca-certificates)\//,
  /^\/etc\/(pam\.d|security|runit|apparmor\.d|skel|update-motd\.d|containerd|xattr\.conf)\//,
];

/** Programs left out: perl, python or shell for other systems' administrators, or what needs libraries of 38 MB (xfs_scrub: ICU). */
const unwantedPrograms: ReadonlySet<string> = new Set([
  ...['xfs_scrub', 'xfs_scrub_all', 'xfs_scrub_all_fail', 'xfs_protofile', 'e2scrub', 'e2scrub_all', 'e2scrub_reap'],
  ...['tzconfig', 'update-ca-certificates', 'zic', 'iconvconfig', 'ldconfig', 'btrfs-convert', 'btrfs-image'],
  ...['btrfs-select-super', 'btrfs-find-root', 'debugfs', 'e4crypt', 'e2freefrag', 'e4defrag', 'mklost+found', 'arpd'],
  ...[
    'containerd-shim',
    'containerd-shim-runc-v1',
    'localedef',
    'iconv',
    'c_rehash',
    'bashbug',
    'clear_console',
    'containerd-stress',
    'ctr',
    'lastb',
    'zdump',
    'routel',
    ...['sbsign', 'sbattach', 'sbvarsign', 'sbsiglist', 'sbkeysync'],
  ],
]);

/** Whether a file of a package becomes part of the OS. Copyright notices do. Pure. */
export function isWantedFile(path: string, packageName: string): boolean {
  if (path.startsWith('/usr/share/doc/')) return path.endsWith('/copyright');
  const only = onlyFiles[packageName];
  if (only !== undefined) return only.includes(path);
  if (unwantedDirectories.some((pattern) => pattern.test(path))) return false;
  const program = /^\/usr\/s?bin\/([^/]+)$/.exec(path)?.[1];
  return program === undefined || !unwantedPrograms.has(program);
}
