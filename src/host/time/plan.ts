import type { HostConfig } from '../../config/host-config.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';

export interface ObservedZone {
  /** False when the image has no data of the declared zone. */
  readonly isKnown: boolean;
}

const link = '/etc/localtime';
const pathOf = (zone: string): string => `/usr/share/zoneinfo/${zone}`;
/** What the image links to. */
const defaultZone = 'Etc/UTC';

/** The time zone: the link /etc/localtime, and its name in /etc/timezone. Pure. */
export function planZone(config: HostConfig, { isKnown }: ObservedZone, context: PlanContext): ResourcePlan {
  const zone = config.time.zone ?? (context.previous.time.zone === undefined ? undefined : defaultZone);
  if (zone === undefined) return {};
  const about = { subject: 'host/timezone', key: 'timezone' };
  if (!isKnown) {
    const why = `the image has no data of the time zone ${zone}`;
    return { blocked: [{ ...about, why, until: 'config', hint: 'name the zone as in the IANA database' }] };
  }
  const files = [{ path: '/etc/timezone', content: `${zone}\n`, mode: 0o644, ...about }];
  const target = `..${pathOf(zone)}`;
  const present = context.files.links.get(link);
  if (present === target || present === pathOf(zone)) return { files };
  const summary = `set the time zone to ${zone}`;
  return { files, steps: [context.step({ kind: 'make-link', path: link, target }, { ...about, summary })] };
}

/** Where the data of the declared zone would be. */
export function zonePath(config: HostConfig): string {
  return pathOf(config.time.zone ?? defaultZone);
}
