import type { RouteConfig } from '../../config/network/network-config.ts';
import type { Creation } from './creation.ts';
import type { ObservedRoute } from './observed.ts';
import type { NetworkAction } from './steps.ts';

/**
 * Berth's number in the kernel's field "who set this" of addresses (IFA_PROTO) and routes (rtm_protocol). Free in
 * iproute2's rt_protos; what carries another number is never touched.
 */
export const berthProtocol = '66';

/** Steps that are carried out by iproute2 alone. */
export type IpAction = Exclude<
  NetworkAction,
  { readonly kind: 'start-dhcp' | 'reload-dhcp' | 'stop-dhcp' | 'write-resolv-conf' | 'refuse-ra' }
>;

/** The arguments of each call of `ip` that a step takes, in order. Pure. */
export function ipCommands(action: IpAction): string[][] {
  switch (action.kind) {
    case 'rename-link':
      return [
        ['link', 'set', 'dev', action.from, 'down'],
        ['link', 'set', 'dev', action.from, 'name', action.to],
      ];
    case 'create-link':
      return [
        [
          'link',
          'add',
          ...(action.creation.kind === 'vlan' ? ['link', action.creation.link] : []),
          'name',
          action.link,
          'type',
          ...typeArguments(action.creation),
        ],
        ['link', 'set', 'dev', action.link, 'alias', action.alias],
      ];
    case 'delete-link':
      return [['link', 'delete', 'dev', action.link]];
    case 'join-link':
      // A bond takes only devices that are down, and brings them up itself; a bridge does not.
      return action.isBond
        ? [
            ['link', 'set', 'dev', action.link, 'down'],
            ['link', 'set', 'dev', action.link, 'master', action.master],
          ]
        : [
            ['link', 'set', 'dev', action.link, 'master', action.master],
            ['link', 'set', 'dev', action.link, 'up'],
          ];
    case 'leave-link':
      return [['link', 'set', 'dev', action.link, 'nomaster']];
    case 'set-primary':
      return [['link', 'set', 'dev', action.link, 'type', 'bond', 'primary', action.primary]];
    case 'set-mtu':
      return [['link', 'set', 'dev', action.link, 'mtu', String(action.mtu)]];
    case 'set-mac':
      return [['link', 'set', 'dev', action.link, 'address', action.macAddress]];
    case 'bring-up':
      return [['link', 'set', 'dev', action.link, 'up']];
    case 'add-address':
      return [
        [family(action.address), 'address', 'replace', action.address, 'dev', action.link, 'proto', berthProtocol],
      ];
    case 'remove-address':
      return [[family(action.address), 'address', 'delete', action.address, 'dev', action.link]];
    case 'set-route':
      return [
        [
          family(action.route.to),
          'route',
          'replace',
          ...routeArguments(action.route, action.link),
          'proto',
          berthProtocol,
        ],
      ];
    case 'remove-route':
      return [
        [
          family(action.route.to),
          'route',
          'delete',
          ...routeArguments(action.route, action.route.link),
          'proto',
          berthProtocol,
        ],
      ];
  }
}

function typeArguments(creation: Creation): string[] {
  switch (creation.kind) {
    case 'vlan':
      return ['vlan', 'id', String(creation.id)];
    case 'bond':
    case 'bridge':
      return [creation.kind, ...Object.entries(creation.parameters).flat()];
  }
}

function routeArguments(route: RouteConfig | ObservedRoute, link: string | undefined): string[] {
  const { to, via, from, metric, table, mtu, onLink, type = 'unicast' } = route;
  const scope = 'scope' in route ? route.scope : undefined;
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return [
    ...(type === 'unicast' ? [] : [type]),
    to,
    ...option('via', via),
    ...(type === 'unicast' ? option('dev', link) : []),
    ...option('src', from),
    ...option('metric', metric),
    ...option('table', table),
    ...option('mtu', mtu),
    ...option('scope', scope),
    ...(onLink === true ? ['onlink'] : []),
  ];
}

function family(address: string): string {
  return address.includes(':') ? '-6' : '-4';
}
