import type { DesiredDevice, DesiredNetwork, WaitingDevice } from './desired.ts';
import { mainTable } from './observed.ts';

/**
 * Leaves out what cannot be had because an earlier device has it: a member of two bonds or bridges, one route over two
 * devices. Each is told with the reason; without this, every look would take it from one and give it to the other. Pure.
 */
export function withoutConflicts({ devices, waiting }: DesiredNetwork): DesiredNetwork {
  const told: WaitingDevice[] = [];
  const owners = new Map<string, string>();
  const claim = (what: string, { name, key, config }: DesiredDevice, shown: string): boolean => {
    const owner = owners.get(what) ?? name;
    owners.set(what, owner);
    if (owner !== name) told.push({ key, why: `${shown} is ${owner}'s already`, optional: config.optional ?? false });
    return owner === name;
  };
  const kept = devices.map((device): DesiredDevice => {
    const members = device.members.filter(
      (member) => member !== device.name && claim(`member ${member}`, device, member),
    );
    const { routes } = device.config;
    if (routes === undefined) return { ...device, members };
    const own = routes.filter(({ to, table = mainTable, metric = 0 }) =>
      claim(`route ${to} ${table} ${metric}`, device, `the route to ${to}`),
    );
    return { ...device, members, config: { ...device.config, routes: own } };
  });
  return { devices: kept, waiting: [...waiting, ...told] };
}
