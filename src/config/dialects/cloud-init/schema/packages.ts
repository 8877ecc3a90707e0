import {
  boolean,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  named,
  object,
  openFields,
  type Rule,
  string,
  types,
  value,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const some = { minItems: 1 };

const packageName = exactlyOne(list(string, { minItems: 2, maxItems: 2 }), string);
const packageItem = exactlyOne(fields({ apt: list(packageName), snap: list(packageName) }), packageName);

const mirrors = list(
  fields(
    {
      arches: list(string, some),
      uri: string,
      search: list(string, some),
      search_dns: boolean,
      keyid: string,
      key: string,
      keyserver: string,
    },
    { required: ['arches'] },
  ),
  some,
);

const aptSource = fields(
  { source: string, keyid: string, key: string, keyserver: string, filename: string, append: boolean },
  { minProperties: 1 },
);

const apt = fields(
  {
    preserve_sources_list: boolean,
    generate_mirrorlists: boolean,
    disable_suites: list(string, { minItems: 1, uniqueItems: true }),
    primary: mirrors,
    security: mirrors,
    add_apt_repo_match: string,
    debconf_selections: named(string, { minProperties: 1 }),
    sources_list: string,
    conf: string,
    https_proxy: string,
    http_proxy: string,
    proxy: string,
    ftp_proxy: string,
    sources: named(aptSource),
  },
  { minProperties: 1 },
);

const alpineRepo: Rule = {
  ...fields(
    { base_url: string, community_enabled: boolean, testing_enabled: boolean, version: string },
    { required: ['version'], minProperties: 1 },
  ),
  type: ['object', 'null'],
};

const yumRepo: Rule = {
  ...fields({ baseurl: string, metalink: string, mirrorlist: string, name: string, enabled: boolean }),
  patternProperties: [[/^[0-9a-zA-Z_]+\n?$/, exactlyOne(integer, boolean, string)]],
  anyOf: [{ required: ['baseurl'] }, { required: ['metalink'] }, { required: ['mirrorlist'] }],
};

const snapCommand = exactlyOne(string, strings);

const lxd = fields(
  {
    init: fields({
      network_address: string,
      network_port: integer,
      storage_backend: word('zfs', 'dir', 'lvm', 'btrfs'),
      storage_create_device: string,
      storage_create_loop: integer,
      storage_pool: string,
      trust_password: string,
    }),
    bridge: fields(
      {
        mode: word('none', 'existing', 'new'),
        name: string,
        mtu: { ...integer, minimum: -1 },
        ipv4_address: string,
        ipv4_netmask: integer,
        ipv4_dhcp_first: string,
        ipv4_dhcp_last: string,
        ipv4_dhcp_leases: integer,
        ipv4_nat: boolean,
        ipv6_address: string,
        ipv6_netmask: integer,
        ipv6_nat: boolean,
        domain: string,
      },
      { required: ['mode'] },
    ),
    preseed: string,
  },
  { minProperties: 1 },
);

/** Modules package_update_upgrade_install, apt_configure, apt_pipelining, apk_configure, yum_add_repo, zypper_add_repo, snap, lxd and byobu. */
export const packageRules: Readonly<Record<string, Rule>> = {
  packages: list(packageItem, some),
  package_update: boolean,
  package_upgrade: boolean,
  package_reboot_if_required: boolean,
  apt_update: deprecated(boolean, 'use "package_update"'),
  apt_upgrade: deprecated(boolean, 'use "package_upgrade"'),
  apt_reboot_if_required: deprecated(boolean, 'use "package_reboot_if_required"'),
  apt,
  apt_pipelining: exactlyOne(integer, boolean, {
    type: 'string',
    oneOf: [value('os'), deprecated(value('none', 'unchanged'), 'use "os", a number or false')],
  }),
  apk_repos: fields(
    { preserve_repositories: boolean, alpine_repo: alpineRepo, local_repo_base_url: string },
    { minProperties: 1 },
  ),
  yum_repo_dir: string,
  yum_repos: {
    type: 'object',
    minProperties: 1,
    patternProperties: [[/^[0-9a-zA-Z -_]+\n?$/, yumRepo]],
    additionalProperties: false,
  },
  zypper: openFields(
    { repos: list(openFields({ id: string, baseurl: string }, { required: ['id', 'baseurl'] }), some), config: object },
    { minProperties: 1 },
  ),
  snap: fields(
    {
      assertions: {
        ...types('object', 'array'),
        items: string,
        ...some,
        minProperties: 1,
        uniqueItems: true,
        additionalProperties: string,
      },
      commands: {
        ...types('object', 'array'),
        items: snapCommand,
        ...some,
        minProperties: 1,
        additionalProperties: snapCommand,
      },
    },
    { minProperties: 1 },
  ),
  lxd,
  byobu_by_default: word(
    'enable-system',
    'enable-user',
    'disable-system',
    'disable-user',
    'enable',
    'disable',
    'user',
    'system',
  ),
};
