import type { KeyRow } from '../../key-table.ts';
import type { CloudInitDraft } from './draft.ts';

type Row = KeyRow<CloudInitDraft>;
interface Reason {
  readonly why: string;
  readonly instead: string;
  readonly keys: readonly string[];
}

/** Keys without sense on a host whose system is one read-only image. */
const withoutMeaning: readonly Reason[] = [
  {
    why: 'the system is one read-only image, so no packages can be installed on it',
    instead: 'run the program as a service under berth.services, or use "berth debug" for tools',
    keys: [
      'packages',
      'package_update',
      'package_upgrade',
      'package_reboot_if_required',
      'snap',
      'lxd',
      'byobu_by_default',
    ],
  },
  {
    why: 'there is no package manager to configure on a read-only image',
    instead: 'configure it in the images that your services use',
    keys: [
      'apt',
      'apt_pipelining',
      'apt_update',
      'apt_upgrade',
      'apt_reboot_if_required',
      'apk_repos',
      'yum_repos',
      'yum_repo_dir',
      'zypper',
    ],
  },
  {
    why: 'subscriptions of other distributions do not apply to Berth',
    instead: 'remove the key',
    keys: ['ubuntu_pro', 'ubuntu_advantage', 'landscape', 'rh_subscription', 'spacewalk'],
  },
  {
    why: "it is for Ubuntu's installer",
    instead: 'write users, files and commands as keys of this config',
    keys: ['autoinstall'],
  },
  {
    why: 'Berth does not install configuration agents on the host',
    instead: "run the agent's image as a service under berth.services",
    keys: ['chef', 'puppet', 'salt_minion', 'mcollective', 'ansible'],
  },
  {
    why: 'the boot loader and the drivers are part of the image',
    instead: 'name kernel modules under berth.modules',
    keys: ['grub_dpkg', 'grub-dpkg', 'drivers', 'fan', 'rpi'],
  },
  {
    why: 'it configures cloud-init itself, which Berth does not run',
    instead: 'remove the key',
    keys: [
      'cloud_init_modules',
      'cloud_config_modules',
      'cloud_final_modules',
      'unverified_modules',
      'system_info',
      'launch-index',
      'updates',
      'output',
      'reporting',
      'migrate',
      'version',
      'syslog_fix_perms',
      'def_log_file',
    ],
  },
  {
    why: 'Berth reads one text of the provider, which "vendor_data" is about',
    instead: 'write vendor_data',
    keys: ['vendor_data2'],
  },
  {
    why: 'Berth has no root login, and its SSH server accepts keys only',
    instead: 'give the keys to a user under "users"',
    keys: ['disable_root', 'disable_root_opts', 'ssh_pwauth'],
  },
];

/** Keys that could have a meaning on Berth but have none in this version. */
const notYet: readonly Reason[] = [
  {
    why: 'Berth writes no keys of SSH on the console and gives none to the provider',
    instead: 'declare the keys with "ssh_keys", or have the public ones sent by "phone_home"',
    keys: [
      'ssh',
      'ssh_publish_hostkeys',
      'ssh_quiet_keygen',
      'no_ssh_fingerprints',
      'authkey_hash',
      'ssh_key_console_blacklist',
      'ssh_fp_console_blacklist',
    ],
  },
  {
    why: 'the keys that the provider knows always open the default user',
    instead: 'remove the key',
    keys: ['allow_public_ssh_keys'],
  },
  {
    why: 'LANG stands where Debian has it, in /etc/default/locale',
    instead: 'remove the key',
    keys: ['locale_configfile'],
  },
  {
    why: 'Berth does not do this yet',
    instead: 'use a service under berth.services',
    keys: ['wireguard', 'random_seed', 'disable_ec2_metadata', 'create_hostname_file'],
  },
  {
    why: 'the rest of this text is read as plain cloud-init; the languages of CoreOS and RancherOS come later',
    instead: 'write services under berth.services and host settings under berth',
    keys: ['coreos', 'rancher'],
  },
];

/** Keys of the configuration of cloud-init itself (/etc/cloud/cloud.cfg.d), which user-data cannot have. */
const refused: readonly Reason[] = [
  {
    why: 'belongs into the configuration of cloud-init itself, not into user-data',
    instead: 'remove the key: Berth finds the datasource by itself',
    keys: ['datasource', 'datasource_list'],
  },
];

function rows(kind: Row['kind'], reasons: readonly Reason[]): Row[] {
  return reasons.flatMap(({ why, instead, keys }) => keys.map((key) => ({ kind, key, why, instead }) as Row));
}

/** Every key of cloud-init that Berth knows and does not honour. */
export const unsupportedRows: readonly Row[] = [
  ...rows('no-meaning', withoutMeaning),
  ...rows('unsupported-yet', notYet),
  ...rows('refused', refused),
];
