import type { Place } from '../place.ts';
import { readOnlyReason } from './read-only.ts';

interface Reader {
  /** Ends with a slash for everything below it. */
  readonly paths: readonly string[];
  readonly why: string;
  readonly hint: string;
}

/** Files whose reader on other systems Berth does not have, by what they are for; the first row that fits counts. */
const readers: readonly Reader[] = [
  {
    paths: [
      ...['/etc/systemd/network/', '/etc/NetworkManager/', '/etc/netplan/', '/etc/network/'],
      ...['/etc/sysconfig/network-scripts/', '/etc/dhcpcd.conf', '/etc/dhcp/'],
    ],
    why: "Berth's own network controller is told by the config only",
    hint: 'write it under berth.network, or in the network-config of the datasource',
  },
  {
    paths: [
      '/etc/systemd/timesyncd.conf',
      '/etc/systemd/timesyncd.conf.d/',
      '/etc/chrony.conf',
      '/etc/chrony/',
      '/etc/ntp.conf',
    ],
    why: 'the clock is set by the system container "ntp"',
    hint: 'name time servers under "ntp" of a #cloud-config',
  },
  {
    paths: ['/etc/systemd/resolved.conf', '/etc/systemd/resolved.conf.d/'],
    why: 'there is no systemd on Berth',
    hint: 'name servers go under berth.dns',
  },
  {
    paths: ['/etc/systemd/'],
    why: 'there is no systemd on Berth',
    hint: 'run the program as a service under berth.services',
  },
  {
    paths: [
      '/etc/cron.d/',
      '/etc/cron.hourly/',
      '/etc/cron.daily/',
      '/etc/cron.weekly/',
      '/etc/cron.monthly/',
      '/etc/crontab',
    ],
    why: 'no cron runs on Berth',
    hint: 'run the program as a service under berth.services',
  },
  {
    paths: ['/etc/docker/daemon.json', '/etc/docker/certs.d/', '/etc/containerd/'],
    why: 'the engines have settings of their own',
    hint: 'write it under berth.engines.user; registries go under berth.registries',
  },
  {
    paths: ['/etc/ssh/sshd_config', '/etc/ssh/sshd_config.d/'],
    why: 'the SSH server is the system container "console", which has settings of its own',
    hint: 'remove the file; keys of users are enough to log in',
  },
  {
    paths: ['/etc/sudoers', '/etc/sudoers.d/', '/etc/doas.conf'],
    why: 'there is no sudo on Berth',
    hint: 'give the user "sudo" or the group "docker" under "users"',
  },
  {
    paths: ['/etc/rsyslog.conf', '/etc/rsyslog.d/', '/etc/logrotate.d/'],
    why: 'logs go to the system container "syslog"',
    hint: 'name it under berth.enable, and where to send to in berth.services.syslog.environment.SYSLOG_FORWARD',
  },
  {
    paths: ['/etc/apt/', '/etc/yum.repos.d/', '/etc/yum.conf', '/etc/dnf/', '/etc/zypp/', '/etc/apk/'],
    why: 'there is no package manager on a read-only image',
    hint: 'configure it in the images that your services use',
  },
  {
    paths: ['/etc/cloud/'],
    why: 'cloud-init does not run on Berth',
    hint: 'write what the file says as keys of this config',
  },
  {
    paths: ['/etc/default/grub', '/etc/default/grub.d/'],
    why: 'the boot loader is part of the image, and is not GRUB',
    hint: 'arguments of the kernel go under berth.kernel',
  },
  {
    paths: ['/etc/fail2ban/', '/etc/ufw/'],
    why: 'the program is not in the image, and none can be installed',
    hint: 'run it as a service under berth.services, with the file as one of its volumes',
  },
  {
    paths: ['/etc/zincati/', '/etc/flatcar/update.conf', '/etc/coreos/update.conf', '/etc/rpm-ostreed.conf'],
    why: 'Berth updates itself, in a way of its own',
    hint: 'say when it may under berth.update',
  },
];

/** Reports a file that can be declared and does nothing on Berth: it cannot be written, or nobody reads it. */
export function warnOfUnread(path: string, place: Place): void {
  const readOnly = readOnlyReason(path);
  if (readOnly !== undefined) {
    place.warn('unsupported', readOnly.why, readOnly.hint);
    return;
  }
  const reader = readers.find(({ paths }) =>
    paths.some((one) => path === one || (one.endsWith('/') && path.startsWith(one))),
  );
  if (reader !== undefined)
    place.warn('unsupported', `${path} is written, and nothing reads it: ${reader.why}`, reader.hint);
}
