import type { NetworkCondition } from './condition.ts';
import type { WaitingDevice } from './desired.ts';
import type { Lease } from './lease.ts';
import type { ObservedNetwork } from './observed.ts';
import type { NetworkPlan } from './plan.ts';
import type { Resolver } from './resolv-conf.ts';

/** A device as `berth status` and the console show it. */
export interface LinkStatus {
  readonly name: string;
  readonly macAddress: string;
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly addresses: readonly string[];
}

/** A step that failed, and is tried again. */
export interface NetworkFailure {
  readonly subject: string;
  readonly step: string;
  readonly error: string;
}

/** The network of this host as it was last seen. */
export interface NetworkStatus {
  readonly condition: NetworkCondition;
  readonly links: readonly LinkStatus[];
  /** Declared devices that are not there. */
  readonly waiting: readonly WaitingDevice[];
  readonly failures: readonly NetworkFailure[];
  readonly resolver: Resolver;
  readonly leases: readonly Lease[];
}

/** What to tell about a network. Pure. */
export function networkStatus(
  observed: ObservedNetwork,
  { waiting, resolver, managed }: Pick<NetworkPlan, 'waiting' | 'resolver' | 'managed'>,
  condition: NetworkCondition,
  failures: readonly NetworkFailure[],
): NetworkStatus {
  const links = observed.links
    .filter(({ name }) => managed.has(name))
    .map(({ name, macAddress, isUp, hasCarrier, addresses }) => ({
      name,
      macAddress,
      isUp,
      hasCarrier,
      addresses: addresses
        .filter(({ scope, isTentative }) => scope === 'global' && !isTentative)
        .map(({ address }) => address),
    }));
  return { condition, links, waiting, failures, resolver, leases: observed.leases };
}
