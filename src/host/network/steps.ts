import type { RouteConfig } from '../../config/network/network-config.ts';
import type { StepBase } from '../../core/plan.ts';
import type { Creation } from './creation.ts';
import type { ObservedRoute } from './observed.ts';

/** What one step changes. Each is safe to repeat: the next look at the network tells whether it is still needed. */
export type NetworkAction =
  | { readonly kind: 'rename-link'; readonly from: string; readonly to: string }
  | { readonly kind: 'create-link'; readonly link: string; readonly creation: Creation; readonly alias: string }
  | { readonly kind: 'delete-link'; readonly link: string }
  | { readonly kind: 'join-link'; readonly link: string; readonly master: string; readonly isBond: boolean }
  | { readonly kind: 'leave-link'; readonly link: string }
  | { readonly kind: 'set-primary'; readonly link: string; readonly primary: string }
  | { readonly kind: 'set-mtu'; readonly link: string; readonly mtu: number }
  | { readonly kind: 'set-mac'; readonly link: string; readonly macAddress: string }
  | { readonly kind: 'bring-up'; readonly link: string }
  | { readonly kind: 'refuse-ra'; readonly link: string }
  | { readonly kind: 'add-address'; readonly link: string; readonly address: string }
  | { readonly kind: 'remove-address'; readonly link: string; readonly address: string }
  | { readonly kind: 'set-route'; readonly link: string; readonly route: RouteConfig }
  | { readonly kind: 'remove-route'; readonly route: ObservedRoute }
  | { readonly kind: 'start-dhcp'; readonly config: string }
  | {
      readonly kind: 'reload-dhcp';
      readonly config: string;
      /** Devices that are not the client's business any more. */
      readonly release: readonly string[];
      /** Devices with other settings than before. */
      readonly rebind: readonly string[];
    }
  | { readonly kind: 'stop-dhcp'; readonly release: readonly string[] }
  | { readonly kind: 'write-resolv-conf'; readonly text: string };

/** A step of the network's plan. */
export type NetworkStep = StepBase & NetworkAction;
