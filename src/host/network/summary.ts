import type { RouteConfig } from '../../config/network/network-config.ts';
import { mainTable, type ObservedRoute } from './observed.ts';
import type { NetworkAction } from './steps.ts';

/** How a step is called: what it changes, what tells it from others of its kind, and one line for a person. */
export interface StepSummary {
  readonly subject: string;
  readonly detail: string;
  readonly text: string;
}

/** The words for a step. Pure. */
export function summaryOf(action: NetworkAction): StepSummary {
  switch (action.kind) {
    case 'rename-link':
      return of(action.to, action.to, `rename ${action.from} to ${action.to}`);
    case 'create-link':
      return of(action.link, action.link, `create ${action.creation.kind} ${action.link}`);
    case 'delete-link':
      return of(action.link, action.link, `delete ${action.link}`);
    case 'join-link':
      return of(action.link, action.link, `put ${action.link} into ${action.master}`);
    case 'leave-link':
      return of(action.link, action.link, `take ${action.link} out of its bond or bridge`);
    case 'set-primary':
      return of(action.link, action.link, `prefer ${action.primary} in ${action.link}`);
    case 'set-mtu':
      return of(action.link, action.link, `set the MTU of ${action.link} to ${action.mtu}`);
    case 'set-mac':
      return of(action.link, action.link, `give ${action.link} the address ${action.macAddress}`);
    case 'bring-up':
      return of(action.link, action.link, `bring ${action.link} up`);
    case 'refuse-ra':
      return of(action.link, action.link, `refuse router advertisements on ${action.link}`);
    case 'add-address':
    case 'remove-address': {
      const verb = action.kind === 'add-address' ? 'add' : 'remove';
      return of(action.link, `${action.link}:${action.address}`, `${verb} ${action.address} on ${action.link}`);
    }
    case 'set-route':
      return of(
        action.link,
        `${action.link}:${routeText(action.route)}`,
        `route ${routeText(action.route)} on ${action.link}`,
      );
    case 'remove-route': {
      const link = action.route.link ?? 'routes';
      return of(link, `${link}:${routeText(action.route)}`, `remove the route ${routeText(action.route)}`);
    }
    case 'start-dhcp':
      return of('dhcp', 'dhcp', 'start the DHCP client');
    case 'reload-dhcp':
      return of('dhcp', 'dhcp', 'give the DHCP client its new settings');
    case 'stop-dhcp':
      return of('dhcp', 'dhcp', 'stop the DHCP client');
    case 'write-resolv-conf':
      return of('resolver', 'resolver', 'write the resolver’s name servers');
  }
}

function of(subject: string, detail: string, text: string): StepSummary {
  return { subject, detail, text };
}

function routeText({ to, via, metric, table }: RouteConfig | ObservedRoute): string {
  const parts = [
    to,
    via === undefined ? '' : `via ${via}`,
    metric === undefined ? '' : `metric ${metric}`,
    table === undefined || table === mainTable ? '' : `table ${table}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
