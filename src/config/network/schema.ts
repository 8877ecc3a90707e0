import { anyOf, boolean, fields, integer, list, openFields, type Rule, string, types, word } from '../rule/rule.ts';

const strings = list(string);

/** As many keys of one kind. */
function all(rule: Rule, ...keys: readonly string[]): Record<string, Rule> {
  return Object.fromEntries(keys.map((key) => [key, rule]));
}

const route1: Rule = {
  ...fields({ type: word('route'), ...all(string, 'network', 'destination', 'netmask', 'gateway'), metric: integer }),
  oneOf: [{ required: ['network', 'gateway'] }, { required: ['destination', 'gateway'] }],
};

const subnets = list(
  fields({
    type: word(
      'dhcp4',
      'dhcp',
      'dhcp6',
      'static',
      'static6',
      'ipv6_dhcpv6-stateful',
      'ipv6_dhcpv6-stateless',
      'ipv6_slaac',
      'manual',
    ),
    control: word('manual', 'auto', 'hotplug'),
    ...all(string, 'address', 'netmask', 'broadcast', 'gateway'),
    ...all(strings, 'dns_nameservers', 'dns_search'),
    routes: list(route1),
    ...all(boolean, 'ipv4', 'ipv6'),
    metric: integer,
  }),
);

const between = (minimum: number, maximum: number): Rule => ({ ...integer, minimum, maximum });

const bondParameters: Rule = {
  properties: {
    ...all(string, 'bond-active_slave', 'bond-ad_actor_key', 'bond-ad_actor_system', 'bond-ad_aggregator'),
    ...all(string, 'bond-ad_partner_key', 'bond-ad_partner_mac', 'bond-ad_select', 'bond-ad_user_port_key'),
    ...all(string, 'bond-all_slaves_active', 'bond-arp_all_targets', 'bond-arp_ip_target', 'bond-fail_over_mac'),
    ...all(string, 'bond-lacp_rate', 'bond-mii_status', 'bond-primary', 'bond-queue_id', 'bond-resend_igmp'),
    ...all(string, 'bond-slaves', 'bond-tlb_dynamic_lb', 'bond-updelay', 'bond-use_carrier', 'bond-xmit_hash_policy'),
    ...all(integer, 'bond-ad_actor_sys_prio', 'bond-ad_num_ports', 'bond-arp_interval', 'bond-downdelay'),
    ...all(integer, 'bond-lp_interval', 'bond-miimon', 'bond-min_links', 'bond-peer_notif_delay'),
    'bond-arp_validate': boolean,
    'bond-mode': word(
      'balance-rr',
      'active-backup',
      'balance-alb',
      'balance-tcp',
      'balance-tlb',
      'balance-slb',
      'balance-xor',
      'broadcast',
      '802.3ad',
    ),
    ...all(between(0, 255), 'bond-num_grat_arp', 'bond-num_unsol_na'),
    'bond-packets_per_slave': between(0, 65535),
    'bond-primary_reselect': word('always', 'better', 'failure'),
  },
  additionalProperties: false,
};

const bridgeParameters = fields({
  ...all(integer, 'bridge_ageing', 'bridge_bridgeprio', 'bridge_fd', 'bridge_hello', 'bridge_maxage', 'bridge_maxwait'),
  bridge_hw: string,
  ...all(strings, 'bridge_pathcost', 'bridge_portprio', 'bridge_ports', 'bridge_waitport'),
  bridge_stp: word('on', 'off'),
});

const entries: readonly Rule[] = [
  fields(
    {
      type: word('bond'),
      ...all(string, 'name', 'mac_address'),
      bond_interfaces: strings,
      mtu: integer,
      'accept-ra': boolean,
      params: bondParameters,
      subnets,
    },
    { required: ['type', 'name'] },
  ),
  fields(
    {
      type: word('bridge'),
      name: string,
      bridge_interfaces: strings,
      'accept-ra': boolean,
      params: bridgeParameters,
      subnets,
    },
    { required: ['type', 'name', 'bridge_interfaces', 'params'] },
  ),
  fields(
    {
      type: word('physical'),
      name: { ...string, maxLength: 15 },
      mac_address: string,
      mtu: types('integer', 'null'),
      subnets,
      ...all(boolean, 'accept-ra', 'keep_configuration'),
    },
    { required: ['type', 'name'] },
  ),
  fields(
    {
      type: word('nameserver'),
      address: { ...types('array', 'string'), items: string },
      search: strings,
      interface: string,
    },
    { required: ['type', 'address'] },
  ),
  route1,
  fields(
    {
      type: word('vlan'),
      ...all(string, 'name', 'vlan_link', 'mac_address'),
      ...all(integer, 'vlan_id', 'mtu'),
      subnets,
      'accept-ra': boolean,
    },
    { required: ['type', 'name', 'vlan_link', 'vlan_id'] },
  ),
];

/** What `cloud-init schema --schema-type network-config` asks of version 1. */
export const networkRule1: Rule = fields(
  { version: { ...integer, enum: [1] }, config: list(anyOf(...entries)) },
  { required: ['config', 'version'] },
);

const renderer = word('networkd', 'NetworkManager');
const truthOrWord: Rule = { ...types('boolean', 'string'), enum: ['yes', 'no', true, false] };
const overrides = fields({
  ...all(string, 'hostname', 'use-domains'),
  'route-metric': integer,
  ...all(boolean, 'send-hostname', 'use-dns', 'use-hostname', 'use-mtu', 'use-ntp', 'use-routes'),
});

const device = {
  renderer,
  ...all(truthOrWord, 'dhcp4', 'dhcp6'),
  ...all(overrides, 'dhcp4-overrides', 'dhcp6-overrides'),
  addresses: strings,
  ...all(string, 'gateway4', 'gateway6'),
  optional: boolean,
  mtu: integer,
  nameservers: fields({ search: strings, addresses: strings }),
  routes: list(fields({ to: string, via: string, metric: integer }, { required: ['to'] })),
};

/** Devices by name; other keys of a device are not looked at. */
function devices(more: Readonly<Record<string, Rule>>): Rule {
  return { type: 'object', additionalProperties: openFields({ ...device, ...more }) };
}

const bond = openFields({
  mode: word('balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb'),
  'lacp-rate': word('fast', 'slow'),
  ...all(string, 'mii-monitor-interval', 'learn-packet-interval'),
  ...all(integer, 'min-links', 'arp-interval', 'up-delay', 'down-delay', 'gratuitous-arp', 'packets-per-slave'),
  'transmit-hash-policy': word('layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4'),
  'ad-select': word('stable', 'bandwidth', 'count'),
  'all-slaves-active': boolean,
  'arp-ip-targets': strings,
  'arp-validate': word('none', 'active', 'backup', 'all'),
  'arp-all-targets': word('any', 'all'),
  'fail-over-mac-policy': word('none', 'active', 'follow'),
  'primary-reselect-policy': word('always', 'better', 'failure'),
});

const bridge = openFields({
  ...all(integer, 'ageing-time', 'priority', 'forward-delay', 'hello-time', 'max-age', 'path-cost'),
  stp: boolean,
});

/** What it asks of version 2, and of everything that says neither. */
export const networkRule2: Rule = fields(
  {
    version: { ...integer, enum: [2] },
    renderer,
    ethernets: devices({
      match: fields(all(string, 'name', 'macaddress', 'driver')),
      'set-name': string,
      wakeonlan: boolean,
    }),
    bonds: devices({ interfaces: strings, parameters: bond }),
    bridges: devices({ interfaces: strings, parameters: bridge }),
    vlans: devices({ id: integer, link: string }),
  },
  { required: ['version'] },
);
