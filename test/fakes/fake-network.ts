import { type NetworkConfig } from '../../src/config/network/network-config.ts';
import {
  mainTable,
  type ObservedLink,
  type ObservedNetwork,
  type ObservedRoute,
} from '../../src/host/network/observed.ts';
import { type NetworkPlan, planNetwork } from '../../src/host/network/plan.ts';
import type { NetworkAction } from '../../src/host/network/steps.ts';

type Mutable = { links: ObservedLink[]; routes: ObservedRoute[] } & Pick<ObservedNetwork, 'leases'> & {
    dhcpConfig: string | undefined;
    resolvConf: string | undefined;
  };

export const dns = { servers: [], search: [], options: [] };

/** A device of the machine, down and without anything. */
export function hardware(name: string, macAddress: string, more: Partial<ObservedLink> = {}): ObservedLink {
  return {
    index: Number.parseInt(macAddress.slice(-2), 16),
    name,
    isEthernet: true,
    macAddress,
    isUp: false,
    hasCarrier: false,
    mtu: 1500,
    takesRa: true,
    addresses: [],
    ...more,
  };
}

/** The kernel's network in memory: it refuses what the kernel refuses, and takes away what the kernel takes away. */
export class FakeNetwork {
  #state: Mutable;

  constructor(links: readonly ObservedLink[], state: Partial<ObservedNetwork> = {}) {
    this.#state = {
      links: [...links],
      routes: [...(state.routes ?? [])],
      leases: state.leases ?? [],
      dhcpConfig: state.dhcpConfig,
      resolvConf: state.resolvConf,
    };
  }

  get observed(): ObservedNetwork {
    return structuredClone(this.#state);
  }

  plan(network: NetworkConfig | undefined): NetworkPlan {
    return planNetwork({
      network,
      dns,
      observed: this.observed,
      leasesDirectory: '/leases',
      reasonOf: () => ({ kind: 'boot' }),
    });
  }

  /** Plans and carries out. @returns the ids of the steps. */
  converge(network: NetworkConfig | undefined): string[] {
    const { steps } = this.plan(network);
    for (const step of steps) this.#apply(step);
    return steps.map(({ id }) => id);
  }

  link(name: string): ObservedLink {
    const link = this.#state.links.find((candidate) => candidate.name === name);
    if (link === undefined) throw new Error(`Cannot find device "${name}"`);
    return link;
  }

  #change(name: string, change: Partial<ObservedLink>): void {
    const link = this.link(name);
    this.#state.links = this.#state.links.map((candidate) => (candidate === link ? { ...link, ...change } : candidate));
  }

  #down(name: string): void {
    const { addresses } = this.link(name);
    this.#change(name, {
      isUp: false,
      hasCarrier: false,
      addresses: addresses.filter(({ address }) => !address.includes(':')),
    });
    this.#state.routes = this.#state.routes.filter(({ link }) => link !== name);
  }

  #free(name: string): void {
    if (this.#state.links.some((link) => link.name === name)) throw new Error('RTNETLINK answers: File exists');
  }

  #apply(action: NetworkAction): void {
    const state = this.#state;
    switch (action.kind) {
      case 'rename-link':
        this.#free(action.to);
        this.#down(action.from);
        this.#change(action.from, { name: action.to });
        return;
      case 'create-link': {
        this.#free(action.link);
        if (action.creation.kind === 'vlan') this.link(action.creation.link);
        const { kind } = action.creation;
        state.links.push({ ...hardware(action.link, '02:ff:ff:ff:ff:ff'), kind, alias: action.alias });
        return;
      }
      case 'delete-link':
        this.#down(action.link);
        state.links = state.links
          .filter(({ name }) => name !== action.link)
          .map(({ master, ...link }) => (master === undefined || master === action.link ? link : { ...link, master }));
        return;
      case 'join-link':
        this.link(action.master);
        if (action.isBond) this.#down(action.link);
        this.#change(action.link, { master: action.master, isUp: true, hasCarrier: true });
        return;
      case 'leave-link': {
        const link = Object.fromEntries(
          Object.entries(this.link(action.link)).filter(([key]) => key !== 'master'),
        ) as unknown as ObservedLink;
        state.links = state.links.map((candidate) => (candidate.name === action.link ? link : candidate));
        return;
      }
      case 'set-primary':
        if (this.link(action.primary).master !== action.link) throw new Error('Operation not permitted');
        return;
      case 'set-mtu':
        this.#change(action.link, { mtu: action.mtu });
        return;
      case 'set-mac':
        this.#change(action.link, { macAddress: action.macAddress });
        return;
      case 'bring-up':
        this.#change(action.link, { isUp: true, hasCarrier: true });
        return;
      case 'refuse-ra':
        this.#change(action.link, { takesRa: false });
        return;
      case 'add-address': {
        const { addresses } = this.link(action.link);
        const added = { address: action.address, scope: 'global', isOurs: true, isTentative: false };
        this.#change(action.link, { addresses: [...addresses, added] });
        return;
      }
      case 'remove-address': {
        const { addresses } = this.link(action.link);
        this.#change(action.link, { addresses: addresses.filter(({ address }) => address !== action.address) });
        return;
      }
      case 'set-route': {
        const { to, via, from, metric, table = mainTable, mtu, onLink = false, type = 'unicast' } = action.route;
        if (type === 'unicast' && !this.link(action.link).isUp) throw new Error('Network is down');
        const isIpv6 = to.includes(':');
        const route: ObservedRoute = {
          to,
          ...(via === undefined ? {} : { via }),
          ...(type === 'unicast' ? { link: action.link } : {}),
          ...(from === undefined ? {} : { from }),
          ...(metric !== undefined ? { metric } : isIpv6 ? { metric: 1024 } : {}),
          table,
          ...(mtu === undefined ? {} : { mtu }),
          onLink,
          type,
          isOurs: true,
        };
        // `replace`: one route for a target, table and metric.
        state.routes = [
          ...state.routes.filter((other) => other.to !== to || other.table !== table || other.metric !== route.metric),
          route,
        ];
        return;
      }
      case 'remove-route':
        state.routes = state.routes.filter((route) => JSON.stringify(route) !== JSON.stringify(action.route));
        return;
      case 'start-dhcp':
      case 'reload-dhcp':
        state.dhcpConfig = action.config;
        return;
      case 'stop-dhcp':
        state.dhcpConfig = undefined;
        return;
      case 'write-resolv-conf':
        state.resolvConf = action.text;
        return;
    }
  }
}
