import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import { convert, either, list, mapOf, natural, type Shape, text, word } from '../shape.ts';
import { defined, deviceFields, toDevice } from './device-shape.ts';
import { bondParameters, bondSpellings, bridgeParameters, parameterFields, toOptions } from './link-parameters.ts';
import type { BondConfig, BridgeConfig, EthernetConfig, NetworkConfig, VlanConfig } from './network-config.ts';
import { deviceName, deviceNameRule, isDeviceName, macAddress } from './network-values.ts';

const drivers: Shape<string[]> = convert(either(list(text), text), (value) =>
  typeof value === 'string' ? [value] : value,
);

const match = convert(record({ name: text, macaddress: macAddress, driver: drivers }), (read) =>
  defined<NonNullable<EthernetConfig['match']>>({ name: read.name, macAddress: read.macaddress, drivers: read.driver }),
);

const ethernet: Shape<EthernetConfig> = convert(
  record({
    ...deviceFields,
    match,
    'set-name': deviceName,
    wakeonlan: { ignored: 'Berth does not set wake-on-LAN: set it in the firmware' },
    'virtual-function-count': { ignored: 'Berth does not create SR-IOV functions' },
    'embedded-switch-mode': { ignored: 'Berth does not configure SR-IOV' },
    'delay-virtual-functions-rebind': { ignored: 'Berth does not configure SR-IOV' },
    link: { ignored: 'Berth does not configure SR-IOV' },
    'infiniband-mode': { ignored: 'Berth has no InfiniBand' },
    auth: { ignored: 'Berth has no 802.1X' },
  }),
  (read, place): EthernetConfig => ({
    ...toDevice(read, place),
    ...defined<EthernetConfig>({ match: read.match, setName: read['set-name'] }),
  }),
);

const bond: Shape<BondConfig> = convert(
  record({
    ...deviceFields,
    interfaces: list(text),
    parameters: record(
      { ...parameterFields(bondParameters, 'netplan'), primary: text, 'arp-ip-targets': targets() },
      { aliases: bondSpellings },
    ),
  }),
  (read, place): BondConfig => {
    const primary = read.parameters?.['primary'];
    return {
      ...toDevice(read, place),
      interfaces: read.interfaces ?? [],
      parameters: toOptions(bondParameters, 'netplan', read.parameters ?? {}),
      ...(typeof primary === 'string' ? { primary } : {}),
    };
  },
);

/** netplan writes them as a list, `ip` takes one text. */
function targets(): Shape<string> {
  return convert(either(list(text), text), (value) => (typeof value === 'string' ? value : value.join(',')));
}

const vlan: Shape<VlanConfig> = convert(
  record({ ...deviceFields, id: natural, link: text }, { required: ['id', 'link'] }),
  (read, place): VlanConfig | undefined => {
    if (!isVlanId(read.id, place.child('id'))) return undefined;
    return { ...toDevice(read, place), id: read.id, link: read.link };
  },
);

/** Reports an id outside of 1 to 4094. */
export function isVlanId(id: number, place: Place): boolean {
  if (id >= 1 && id <= 4094) return true;
  place.error('invalid-value', `${id} is not a VLAN id: 1 to 4094`);
  return false;
}

const bridge: Shape<BridgeConfig> = convert(
  record({
    ...deviceFields,
    interfaces: list(text),
    parameters: record({
      ...parameterFields(bridgeParameters, 'netplan'),
      'path-cost': { ignored: 'Berth does not set costs of bridge ports' },
      'port-priority': { ignored: 'Berth does not set priorities of bridge ports' },
    }),
  }),
  (read, place): BridgeConfig => ({
    ...toDevice(read, place),
    interfaces: read.interfaces ?? [],
    parameters: toOptions(bridgeParameters, 'netplan', read.parameters ?? {}),
  }),
);

const created = (name: string, place: Place): boolean => {
  if (isDeviceName(name)) return true;
  place.error('invalid-value', `"${name.slice(0, 60)}" is not a device name: ${deviceNameRule}`, undefined, 'key');
  return false;
};

const none = (what: string) => ({ ignored: `Berth has no ${what}` });

/** Network configuration version 2: netplan's keys. */
export const version2: Shape<NetworkConfig> = convert(
  record({
    version: word,
    renderer: { ignored: 'Berth configures the network itself' },
    ethernets: mapOf(ethernet),
    bonds: mapOf(bond, created),
    vlans: mapOf(vlan, created),
    bridges: mapOf(bridge, created),
    wifis: none('wireless network'),
    modems: none('modems'),
    tunnels: none('tunnels of its own: run them as a service'),
    vrfs: none('VRFs'),
    'dummy-devices': none('dummy devices'),
    'virtual-ethernets': none('pairs of virtual Ethernet devices'),
    'nm-devices': none('NetworkManager'),
    openvswitch: none('Open vSwitch'),
  }),
  ({ ethernets, bonds, vlans, bridges }) => defined<NetworkConfig>({ version: 2, ethernets, bonds, vlans, bridges }),
);
