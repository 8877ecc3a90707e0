/**
 * Network devices as declared: netplan version 2's model in Berth's words. Plain JSON data; absent means "not declared".
 * The keys of `ethernets` are names of the entry, and of the device itself unless `match` picks another one.
 */
export interface NetworkConfig {
  readonly version: 2;
  readonly ethernets?: Readonly<Record<string, EthernetConfig>>;
  readonly bonds?: Readonly<Record<string, BondConfig>>;
  readonly vlans?: Readonly<Record<string, VlanConfig>>;
  readonly bridges?: Readonly<Record<string, BridgeConfig>>;
}

/** What every kind of device can have. */
export interface DeviceConfig {
  readonly dhcp4?: boolean;
  readonly dhcp6?: boolean;
  /** Take IPv6 router advertisements; absent: as the kernel does by default, it takes them. */
  readonly acceptRa?: boolean;
  /** With prefix length: `192.0.2.10/24`. */
  readonly addresses?: readonly string[];
  readonly routes?: readonly RouteConfig[];
  readonly nameservers?: { readonly addresses: readonly string[]; readonly search: readonly string[] };
  /** Bytes. */
  readonly mtu?: number;
  /** The address the device is given, lower case with colons. */
  readonly macAddress?: string;
  /** The host counts as connected without it. */
  readonly optional?: boolean;
  readonly dhcp4Overrides?: DhcpOverrides;
  readonly dhcp6Overrides?: DhcpOverrides;
}

export interface RouteConfig {
  /** A network with prefix length; `0.0.0.0/0` and `::/0` are the default routes. */
  readonly to: string;
  /** Absent: the network is on the link itself. */
  readonly via?: string;
  readonly from?: string;
  readonly metric?: number;
  readonly table?: number;
  readonly mtu?: number;
  readonly onLink?: boolean;
  readonly scope?: 'global' | 'link' | 'host';
  readonly type?: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit';
}

/** What of a DHCP answer is left out or put otherwise. */
export interface DhcpOverrides {
  readonly useDns?: boolean;
  readonly useRoutes?: boolean;
  readonly useMtu?: boolean;
  readonly sendHostname?: boolean;
  readonly hostname?: string;
  readonly routeMetric?: number;
}

export interface EthernetConfig extends DeviceConfig {
  /** All that are given must fit. */
  readonly match?: {
    /** A name as the kernel gave it; `*` and `?` stand for other characters. */
    readonly name?: string;
    readonly macAddress?: string;
    /** Names of kernel drivers, with `*` and `?`: one of them must fit. */
    readonly drivers?: readonly string[];
  };
  readonly setName?: string;
}

export interface BondConfig extends DeviceConfig {
  /** Names of entries, or of devices that no entry describes. */
  readonly interfaces: readonly string[];
  /** Options of `ip link … type bond`, by iproute2's names. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The preferred member of an active-backup bond. */
  readonly primary?: string;
}

export interface VlanConfig extends DeviceConfig {
  /** 1 to 4094. */
  readonly id: number;
  /** Name of an entry, or of a device that no entry describes. */
  readonly link: string;
}

export interface BridgeConfig extends DeviceConfig {
  /** As for a bond. */
  readonly interfaces: readonly string[];
  /** Options of `ip link … type bridge`, by iproute2's names. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The kinds of device, in the order in which they stand on each other. */
export const deviceKinds = ['ethernets', 'bonds', 'vlans', 'bridges'] as const;
