import type { PackageRequest } from '../apt.ts';
import type { Architecture } from './layout.ts';

/** Debian's kernels: `cloud` has the drivers of virtual machines, `generic` those of real hardware too. */
export type KernelFlavour = 'cloud' | 'generic';

/** Needed by packages' installation scripts only (which we do not run), or by programs of theirs that we leave out. */
const leftOut: readonly string[] = [
  ...['adduser', 'apparmor', 'base-files', 'base-passwd', 'debconf', 'debianutils', 'default-mta', 'dpkg'],
  ...['init-system-helpers', 'initramfs-tools', 'libicu76', 'libpam-modules', 'libpam-modules-bin', 'libpam-runtime'],
  ...['linux-base', 'logsave', 'lsb-base', 'openssl', 'passwd', 'perl', 'perl-base', 'procps', 'python3', 'python3-dbus'],
  ...['readline-common', 'runit-helper', 'sensible-utils', 'systemd', 'sysvinit-utils', 'ucf', 'udev'],
];

/** What the OS itself is made of. */
export const rootPackages: PackageRequest = {
  packages: [
    ...['docker.io', 'containerd', 'runc', 'tini'],
    ...['busybox-static', 'bash', 'coreutils', 'util-linux', 'mount', 'kmod', 'fdisk', 'dmsetup'],
    ...['xfsprogs', 'e2fsprogs', 'dosfstools', 'btrfs-progs', 'mdadm', 'cryptsetup-bin'],
    ...['iproute2', 'dhcpcd-base', 'ca-certificates', 'tzdata'],
    // Node is linked with it.
    'libstdc++6',
  ],
  without: leftOut,
};

/** The kernel and the boot loader. */
export function kernelPackages(architecture: Architecture, flavour: KernelFlavour): PackageRequest {
  const kernel = flavour === 'cloud' ? `linux-image-cloud-${architecture}` : `linux-image-${architecture}`;
  // Drivers of real hardware want their firmware; the generic kernel's network and disk drivers run without.
  return { packages: [kernel, 'systemd-boot-efi'], without: [...leftOut, 'kmod', 'libc6', 'libssl3t64'] };
}

/** The programs that build the image, so that the machine's own versions of them do not matter. */
export const toolPackages: PackageRequest = {
  packages: ['erofs-utils', 'cryptsetup-bin', 'mtools', 'dosfstools', 'fdisk', 'kmod', 'zstd', 'qemu-utils', 'sbsigntool'],
  without: leftOut,
};

/**
 * Globs of files that stay out of the root: for people reading or compiling, for package management, or for programs that
 * are left out (perl, python, systemd, udev, init scripts). Copyright notices stay.
 */
export const unwantedFiles: readonly string[] = [
  '/usr/share/{man,info,locale,lintian,bug,bash-completion,zsh,fish,initramfs-tools,doc-base,gdb,gcc,perl5,polkit-1,apport}/**',
  '/usr/share/doc/*/**',
  '/usr/share/docker.io/**',
  '/usr/share/xfsprogs/**',
  '/usr/include/**',
  '/usr/lib/{systemd,udev,sysusers.d,tmpfiles.d,dracut,initramfs-tools,debug,modprobe.d,python3,init}/**',
  '/usr/lib/*/{engines-3,gconv,audit,perl,pkgconfig,security}/**',
  '/usr/share/initramfs-tools/**',
  '/etc/{init.d,default,cron.d,cron.daily,logcheck,apt,kernel,logrotate.d,init,initramfs,grub.d,ca-certificates,pam.d,security,cron.weekly,runit,apparmor.d}/**',
  '/boot/**',
  '/var/**',
  '/usr/share/tabset/**',
  // xfs_scrub needs ICU (38 MB); the others are perl, python or shell for administrators of other systems.
  '/usr/sbin/{xfs_scrub,xfs_scrub_all,xfs_scrub_fail,xfs_protofile,e2scrub,e2scrub_all,e2scrub_reap,mkhomedir_helper,tzconfig,update-ca-certificates,arpd,tarcat,xfs_mdrestore,xfs_metadump,xfs_rtcp,xfs_estimate,xfs_bmap,xfs_mkfile,xfs_property,xfs_admin,ldconfig,tzdata}',
  '/usr/bin/{localedef,iconv,c_rehash,bashbug,clear_console,containerd-stress,ctr,lastb,utmpdump,routel,zdump,docker-proxy}',
  '/usr/sbin/{zic,iconvconfig,docker-proxy,btrfs-convert,btrfs-image,btrfs-select-super,btrfs-find-root,debugfs,e4crypt,e2freefrag,e4defrag,filefrag,mklost+found}',
];
