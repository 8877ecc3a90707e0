import type { Lease } from './lease.ts';

/** What the kernel says of one network device. */
export interface ObservedLink {
  readonly index: number;
  readonly name: string;
  /** Absent for hardware; else what kind of software device: `bridge`, `vlan`, `bond`, `veth`, … */
  readonly kind?: string;
  readonly isEthernet: boolean;
  /** Lower case with colons. */
  readonly macAddress: string;
  /** The hardware's own address, where it is not the one in use. */
  readonly permanentMac?: string;
  readonly driver?: string;
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly mtu: number;
  readonly master?: string;
  /** Berth's mark on a device that it created. */
  readonly alias?: string;
  /** False when the kernel refuses router advertisements here. */
  readonly takesRa: boolean;
  readonly addresses: readonly ObservedAddress[];
}

export interface ObservedAddress {
  /** With prefix length. */
  readonly address: string;
  readonly scope: string;
  /** Added by Berth: it carries Berth's protocol number. */
  readonly isOurs: boolean;
  /** Not to be used yet: duplicate address detection runs, or found one. */
  readonly isTentative: boolean;
}

export interface ObservedRoute {
  /** With prefix length; `0.0.0.0/0` and `::/0` are default routes. */
  readonly to: string;
  readonly via?: string;
  readonly link?: string;
  readonly from?: string;
  readonly metric?: number;
  readonly table: number;
  readonly mtu?: number;
  readonly onLink: boolean;
  readonly type: string;
  readonly isOurs: boolean;
}

/** The network of this host as it is. */
export interface ObservedNetwork {
  readonly links: readonly ObservedLink[];
  /** Berth's own routes, and the default routes of the main table whoever set them. */
  readonly routes: readonly ObservedRoute[];
  /** The DHCP client's settings; undefined when it does not run. */
  readonly dhcpConfig: string | undefined;
  readonly leases: readonly Lease[];
  /** Text of the resolver's file; undefined when there is none. */
  readonly resolvConf: string | undefined;
}

/** The main routing table's number. */
export const mainTable = 254;
