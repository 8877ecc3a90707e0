/** What becomes of a key, by its path within its table of docs/dialects/network-config.md. */
type Meanings = Readonly<Record<string, string>>;

/** Version 2: the keys of the document. */
export const documentMeanings: Meanings = {
  version: '2',
  ethernets: 'network hardware, by names of your choice: see there',
  bonds: 'bonds, by the names they get',
  vlans: 'VLAN devices, by the names they get',
  bridges: 'bridges, by the names they get',
};

/** Version 2: what every device can have. */
export const deviceMeanings: Meanings = {
  dhcp4: 'an IPv4 address by DHCP (dhcpcd)',
  dhcp6: 'an IPv6 address by DHCP (dhcpcd)',
  'accept-ra':
    'false: router advertisements are not taken; true, too, has dhcpcd take them where neither `dhcp4` nor `dhcp6` does. Absent: as the kernel does',
  'addresses[]': 'fixed addresses with their prefix length; options of one (`label`, `lifetime`) have no effect',
  gateway4: 'a default route; netplan calls the key deprecated',
  gateway6: 'a default route; netplan calls the key deprecated',
  'routes[].to': 'a network, an address, or `default`; bits behind the prefix are cut off, with a warning',
  'routes[].via': 'the gateway; without one the network is on the link itself',
  'routes[].from': 'the source address that packets get',
  'routes[].metric': 'of two routes the one with the lower one is taken',
  'routes[].table': 'number of the routing table',
  'routes[].mtu': 'bytes in a packet on this way',
  'routes[].on-link': 'the gateway is reached directly, whatever the addresses say',
  'routes[].scope': '`global`, `link` or `host`',
  'routes[].type': '`unicast`, `blackhole`, `unreachable` or `prohibit`',
  'nameservers.addresses[]': "added to the host's name servers, before those from DHCP",
  'nameservers.search[]': "added to the host's search domains",
  mtu: 'bytes in a packet: 68 to 65535',
  macaddress: 'the hardware address that the device is given',
  optional: 'true: the host counts as connected without it',
  'dhcp4-overrides.use-dns': 'false: name servers from DHCP are not used',
  'dhcp4-overrides.use-routes': 'false: no default route from DHCP',
  'dhcp4-overrides.use-mtu': 'false: the MTU from DHCP is not used',
  'dhcp4-overrides.send-hostname': 'false: DHCP is not told the host name',
  'dhcp4-overrides.hostname': 'what DHCP is told in its place',
  'dhcp4-overrides.route-metric': 'the metric of routes from DHCP',
  'dhcp6-overrides.use-dns': 'as above, for DHCPv6',
  'dhcp6-overrides.use-routes': 'counts where there are no `dhcp4-overrides`',
  'dhcp6-overrides.use-mtu': 'counts where there are no `dhcp4-overrides`',
  'dhcp6-overrides.send-hostname': 'counts where there are no `dhcp4-overrides`',
  'dhcp6-overrides.hostname': 'counts where there are no `dhcp4-overrides`',
  'dhcp6-overrides.route-metric': 'counts where there are no `dhcp4-overrides`',
};

/** Version 2: what devices of one kind have besides. */
export const kindMeanings: Meanings = {
  'ethernets.match.name': 'the name that the kernel gave the device; `*` and `?` stand for others',
  'ethernets.match.macaddress': "the device's own hardware address",
  'ethernets.match.driver[]': 'names of kernel drivers, one of which must fit; one may be written as text',
  'ethernets.set-name': 'the name that the device gets',
  'bonds.interfaces[]': 'the devices that it is made of: names of entries, or of devices without one',
  'bridges.interfaces[]': 'the devices that it is made of: names of entries, or of devices without one',
  'vlans.id': '1 to 4094',
  'vlans.link': 'the device that it is on: name of an entry, or of a device without one',
  'bonds.parameters.primary': 'the preferred device of a bond with the mode active-backup',
};

const subnetMeanings: Meanings = {
  type: 'dhcp, dhcp4: `dhcp4`; dhcp6, ipv6_dhcpv6-stateful: `dhcp6`; ipv6_dhcpv6-stateless: `dhcp6` and `accept-ra`; ipv6_slaac: `accept-ra`; static, static4, static6: `addresses`; manual: nothing',
  address: '`addresses`, of the static types; without a mask: /24, for IPv6 /64',
  netmask: 'the prefix length of `address`; one behind a slash there goes before it',
  prefix: 'the same as a number; it goes before `netmask`',
  mtu: 'the `mtu` of the device, unless that has its own',
  gateway: 'a default route, of the static types',
  metric: 'the metric of that route',
  'dns_nameservers[]': '`nameservers.addresses`; may be one text with commas',
  'dns_search[]': '`nameservers.search`; may be one text with commas',
  control:
    '`auto`: as without it; `manual`: `optional`, and the device is brought up all the same; anything else is a warning',
};

const routeMeanings: Meanings = {
  destination: '`to`, with its mask behind a slash or beside it',
  network: 'the same; `destination` goes before it',
  netmask: 'the mask, as 255.255.255.0 or as a number',
  prefix: 'the mask as a number; `netmask` goes before it',
  gateway: '`via`',
  metric: '`metric`',
  mtu: '`mtu`',
};

/** Version 1: what devices of every kind have. */
export const commonMeanings1: Meanings = {
  type: 'what the entry is: `physical`, `bond`, `vlan`, `bridge`, `nameserver`, `route` or `loopback`',
  name: 'the name of the device',
  mac_address:
    'physical: the device that has it gets the name (`match`, `set-name`); else: the address that the device is given',
  mtu: '`mtu`',
  'accept-ra': '`accept-ra`',
  ...within('subnets[].', subnetMeanings),
  ...within('subnets[].routes[].', routeMeanings),
};

/** Version 1: what entries of one kind have besides. */
export const entryMeanings1: Meanings = {
  'bond.bond_interfaces[]': '`interfaces`',
  'bond.params.bond-primary': 'the preferred device of a bond with the mode active-backup',
  'bridge.bridge_interfaces[]': '`interfaces`',
  'vlan.vlan_id': '`id`',
  'vlan.vlan_link': '`link`',
  'nameserver.address[]': '`nameservers.addresses` of the device, else of the first one; may be one text with commas',
  'nameserver.search[]': '`nameservers.search`, likewise',
  'nameserver.interface': 'the device; without it the first one, for the servers are used together anyway',
  ...within('route.', routeMeanings),
  'loopback.name': '`lo`, which is there anyway',
  'loopback.subnets[]': 'of the type `loopback`; anything else is a warning: lo has its own addresses',
};

/** Version 1: the keys of the document. */
export const documentMeanings1: Meanings = {
  version: '1',
  'config[]': 'devices, routes and name servers, each with a `type`: see there',
};

function within(prefix: string, meanings: Meanings): Meanings {
  return Object.fromEntries(Object.entries(meanings).map(([key, meaning]) => [`${prefix}${key}`, meaning]));
}
