import {
  array,
  boolean,
  deprecated,
  exactlyOne,
  fields,
  list,
  object,
  type Rule,
  string,
  types,
  value,
  word,
} from '../../../rule/rule.ts';

const strings = list(string);
const uniqueStrings = list(string, { uniqueItems: true });

const certificates = fields(
  {
    remove_defaults: boolean,
    'remove-defaults': deprecated(boolean, 'use "remove_defaults"'),
    trusted: list(string, { minItems: 1 }),
  },
  { minProperties: 1 },
);

const ntpClient = fields(
  { confpath: string, check_exe: string, packages: uniqueStrings, service_name: string, template: string },
  { minProperties: 1 },
);

const ntp: Rule = {
  ...fields({
    pools: uniqueStrings,
    servers: uniqueStrings,
    peers: uniqueStrings,
    allow: uniqueStrings,
    ntp_client: string,
    enabled: boolean,
    config: ntpClient,
  }),
  ...types('null', 'object'),
};

const wireguard: Rule = {
  ...fields(
    {
      interfaces: list(fields({ name: string, config_path: string, content: string }), { minItems: 1 }),
      readinessprobe: uniqueStrings,
    },
    { required: ['interfaces'], minProperties: 1 },
  ),
  ...types('null', 'object'),
};

/**
 * Modules set_hostname, update_hostname, update_etc_hosts, locale, timezone, keyboard, ntp, ca_certs, resolv_conf, rsyslog,
 * wireguard, seed_random and disable_ec2_metadata.
 */
export const hostRules: Readonly<Record<string, Rule>> = {
  preserve_hostname: boolean,
  hostname: string,
  fqdn: string,
  prefer_fqdn_over_hostname: boolean,
  create_hostname_file: boolean,
  manage_etc_hosts: exactlyOne(value(true, false, 'localhost'), value('template')),
  locale: exactlyOne(boolean, string),
  locale_configfile: string,
  timezone: string,
  keyboard: fields({ layout: string, model: string, variant: string, options: string }, { required: ['layout'] }),
  ntp,
  ca_certs: certificates,
  'ca-certs': deprecated(certificates, 'use "ca_certs"'),
  manage_resolv_conf: boolean,
  resolv_conf: fields({ nameservers: array, searchdomains: array, domain: string, sortlist: array, options: object }),
  rsyslog: fields({
    config_dir: string,
    config_filename: string,
    configs: list(exactlyOne(string, fields({ filename: string, content: string }, { required: ['content'] }))),
    remotes: object,
    service_reload_command: exactlyOne(value('auto'), strings),
    install_rsyslog: boolean,
    check_exe: string,
    packages: uniqueStrings,
  }),
  wireguard,
  random_seed: fields({
    file: string,
    data: string,
    encoding: word('raw', 'base64', 'b64', 'gzip', 'gz'),
    command: strings,
    command_required: boolean,
  }),
  disable_ec2_metadata: boolean,
};
