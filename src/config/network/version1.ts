import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  either,
  isMapping,
  list,
  nothing,
  opaqueMap,
  type Shape,
  text,
  truth,
  word,
  words,
} from '../shape.ts';
import { defined, mtu } from './device-shape.ts';
import {
  bondParameters,
  bondSpellings1,
  bridgeParameters,
  otherBondKeys1,
  parameterFields,
  toOptions,
} from './link-parameters.ts';
import type {
  BondConfig,
  BridgeConfig,
  DeviceConfig,
  deviceKinds,
  EthernetConfig,
  NetworkConfig,
  RouteConfig,
  VlanConfig,
} from './network-config.ts';
import { address, deviceName, isIpv6, macAddress, networkOf, splitPrefix } from './network-values.ts';
import { route1, subnetPart, subnets } from './subnets.ts';
import { isVlanId } from './version2.ts';

/** Version 2's parts while the entries of version 1 are taken, and what belongs to no device yet. */
class Draft {
  readonly ethernets = new Map<string, EthernetConfig>();
  readonly bonds = new Map<string, BondConfig>();
  readonly vlans = new Map<string, VlanConfig>();
  readonly bridges = new Map<string, BridgeConfig>();
  readonly routes: { readonly route: RouteConfig; readonly place: Place }[] = [];
  readonly nameservers: { addresses: string[]; search: string[]; device: string | undefined }[] = [];
  readonly #places = new Map<string, Place>();

  /** Takes a device; one of the same kind and name before it is replaced, which is told. */
  declare(kind: (typeof deviceKinds)[number], name: string, config: DeviceConfig, place: Place): void {
    const key = JSON.stringify([kind, name]);
    const before = this.#places.get(key);
    before?.warn('duplicate-key', `"${name}" is described once more further on, which counts`);
    this.#places.set(key, place);
    (this[kind] as Map<string, DeviceConfig>).set(name, config);
  }
}

const common = {
  name: deviceName,
  mac_address: macAddress,
  // cloud-init's schema takes none as well.
  mtu: convert(either(mtu, nothing), (value) => value ?? undefined),
  subnets,
  'accept-ra': truth,
  keep_configuration: { ignored: 'Berth takes nothing down that is declared' },
  wakeonlan: { ignored: 'Berth does not set wake-on-LAN: set it in the firmware' },
  id: { ignored: 'a device goes by its name' },
};

type Common = Partial<{ mtu: number; subnets: Parameters<typeof subnetPart>[0]; 'accept-ra': boolean }>;

function device(read: Common): DeviceConfig {
  const { mtu: inSubnets } = read.subnets ?? {};
  if (inSubnets !== undefined && read.mtu !== undefined && read.mtu !== inSubnets.bytes)
    inSubnets.place.warn('unsupported', `the device's own MTU of ${read.mtu} counts`, undefined, 'key');
  return {
    ...subnetPart(read.subnets),
    ...defined<DeviceConfig>({
      acceptRa: read['accept-ra'] ?? read.subnets?.acceptRa,
      mtu: read.mtu ?? inSubnets?.bytes,
    }),
  };
}

/** Reads one entry of `config` into the draft. */
type Entry = Shape<(draft: Draft) => void>;

const type = text;

const physical: Entry = convert(record({ ...common, type }, { required: ['name'] }), (read, place) => (draft) => {
  // Version 1 renames the device that has the address; without one, the name finds it.
  const chosen = read.mac_address === undefined ? {} : { match: { macAddress: read.mac_address }, setName: read.name };
  draft.declare('ethernets', read.name, { ...device(read), ...chosen }, place);
});

const bondRecord = record(
  {
    ...common,
    type,
    bond_interfaces: list(text),
    params: record(
      { ...parameterFields(bondParameters, 'version1'), 'bond-primary': text, ...otherBondKeys1 },
      { aliases: bondSpellings1 },
    ),
  },
  { required: ['name', 'bond_interfaces'] },
);

const bond: Entry = convert(bondRecord, (read, place) => (draft) => {
  const primary = read.params?.['bond-primary'];
  const config: BondConfig = {
    ...device(read),
    ...defined<DeviceConfig>({ macAddress: read.mac_address }),
    interfaces: read.bond_interfaces,
    parameters: toOptions(bondParameters, 'version1', read.params ?? {}),
    ...(typeof primary === 'string' ? { primary } : {}),
  };
  draft.declare('bonds', read.name, config, place);
});

const vlan: Entry = convert(
  record({ ...common, type, vlan_link: text, vlan_id: word }, { required: ['name', 'vlan_link', 'vlan_id'] }),
  (read, place) => {
    const id = Number(read.vlan_id);
    if (!isVlanId(id, place.child('vlan_id'))) return undefined;
    return (draft) => {
      const mac = defined<DeviceConfig>({ macAddress: read.mac_address });
      const config: VlanConfig = { ...device(read), ...mac, id, link: read.vlan_link };
      draft.declare('vlans', read.name, config, place);
    };
  },
);

const bridge: Entry = convert(
  record(
    {
      ...common,
      type,
      bridge_interfaces: list(text),
      params: record({
        ...parameterFields(bridgeParameters, 'version1'),
        bridge_ports: { ignored: '"bridge_interfaces" names them' },
        bridge_pathcost: { ignored: 'Berth does not set costs of bridge ports' },
        bridge_portprio: { ignored: 'Berth does not set priorities of bridge ports' },
        bridge_gcint: { ignored: 'the kernel has no such setting' },
        bridge_hw: { ignored: 'set "mac_address"' },
        bridge_maxwait: { ignored: 'Berth waits for a bridge as for every device' },
        bridge_waitport: { ignored: 'Berth waits for a bridge as for every device' },
      }),
    },
    { required: ['name'] },
  ),
  (read, place) => (draft) => {
    const config: BridgeConfig = {
      ...device(read),
      ...defined<DeviceConfig>({ macAddress: read.mac_address }),
      interfaces: read.bridge_interfaces ?? [],
      parameters: toOptions(bridgeParameters, 'version1', read.params ?? {}),
    };
    draft.declare('bridges', read.name, config, place);
  },
);

const addresses = convert(words, (values, place) =>
  values.map((value) => address.read(value, place)).filter((value) => value !== undefined),
);

const nameserver: Entry = convert(
  record({
    type,
    address: addresses,
    search: words,
    interface: text,
    name: { ignored: 'a name server needs none' },
    id: { ignored: 'a name server needs none' },
  }),
  (read) => (draft) => {
    draft.nameservers.push({ addresses: read.address ?? [], search: read.search ?? [], device: read.interface });
  },
);

const route: Entry = convert(route1, (value, place) => (draft) => {
  draft.routes.push({ route: value, place });
});

/** The kernel's own: it is there, with its addresses, whatever is said of it. */
const loopbackName: Shape<string> = convert(text, (value, place) => {
  if (value !== 'lo') place.warn('unsupported', 'the loopback device is called lo');
  return value;
});

const loopbackSubnet: Shape<unknown> = convert(opaqueMap, (value, place) => {
  if (JSON.stringify(value) !== '{"type":"loopback"}')
    place.warn('unsupported', 'the loopback device has its own addresses, and no others', 'make a bridge for them');
  return value;
});

const entries: Readonly<Record<string, Entry>> = {
  physical,
  bond,
  vlan,
  bridge,
  nameserver,
  route,
  loopback: convert(record({ type, name: loopbackName, subnets: list(loopbackSubnet) }), () => () => undefined),
};

const entry: Entry = {
  name: 'a mapping',
  schema: { anyOf: Object.entries(entries).map(([name, { schema }]) => ({ ...schema, title: name })) },
  accepts: isMapping,
  read(value, place) {
    const kind = isMapping(value) ? value['type'] : undefined;
    const shape = typeof kind === 'string' && Object.hasOwn(entries, kind) ? entries[kind] : undefined;
    if (shape !== undefined) {
      // A route has a type of its own in version 1: the word that says that it is one.
      return shape.read(kind === 'route' && isMapping(value) ? withoutType(value) : value, place);
    }
    place.error('invalid-value', `the type of an entry is one of ${Object.keys(entries).join(', ')}`);
    return undefined;
  },
};

function withoutType(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'type'));
}

/** cloud-init's network configuration version 1, as version 2. */
export const version1: Shape<NetworkConfig> = convert(
  record({ version: word, config: list(entry) }, { required: ['config'] }),
  ({ config }, place): NetworkConfig => {
    const draft = new Draft();
    for (const take of config) take(draft);
    placeRoutes(draft);
    placeNameservers(draft, place);
    return {
      version: 2,
      ...part('ethernets', draft.ethernets),
      ...part('bonds', draft.bonds),
      ...part('vlans', draft.vlans),
      ...part('bridges', draft.bridges),
    };
  },
);

function part<K extends string, T>(name: K, devices: ReadonlyMap<string, T>): Partial<Record<K, Record<string, T>>> {
  return devices.size === 0 ? {} : ({ [name]: Object.fromEntries(devices) } as Record<K, Record<string, T>>);
}

/** A route of its own goes to the device whose network its gateway is in, else to the first device. */
function placeRoutes(draft: Draft): void {
  const parts: Map<string, DeviceConfig>[] = [draft.ethernets, draft.bonds, draft.vlans, draft.bridges];
  for (const { route, place: at } of draft.routes) {
    const all = parts.flatMap((devices) => [...devices].map(([name, config]) => ({ devices, name, config })));
    const owner =
      all.find(({ config }) => (config.addresses ?? []).some((entry) => contains(entry, route.via))) ?? all[0];
    if (owner === undefined) at.error('unknown-reference', 'there is no device for this route');
    else owner.devices.set(owner.name, { ...owner.config, routes: [...(owner.config.routes ?? []), route] });
  }
}

function contains(entry: string, via: string | undefined): boolean {
  const parts = splitPrefix(entry);
  if (via === undefined || parts?.length === undefined || isIpv6(via) !== isIpv6(parts.address)) return false;
  return networkOf(via, parts.length) === networkOf(parts.address, parts.length);
}

/** Name servers without a device are the host's: they go to the first device, for they are used together anyway. */
function placeNameservers(draft: Draft, place: Place): void {
  const parts: Map<string, DeviceConfig>[] = [draft.ethernets, draft.bonds, draft.vlans, draft.bridges];
  for (const { addresses: servers, search, device: name } of draft.nameservers) {
    const devices = parts.find((candidates) => (name === undefined ? candidates.size > 0 : candidates.has(name)));
    const owner = name ?? devices?.keys().next().value;
    const config = owner === undefined ? undefined : devices?.get(owner);
    if (devices === undefined || owner === undefined || config === undefined) {
      place.error(
        'unknown-reference',
        `there is no device ${name === undefined ? '' : `"${name}" `}for the name servers`,
      );
      continue;
    }
    const before = config.nameservers ?? { addresses: [], search: [] };
    devices.set(owner, {
      ...config,
      nameservers: { addresses: [...before.addresses, ...servers], search: [...before.search, ...search] },
    });
  }
}
