import type { ConfigChange } from '../config/diff.ts';
import type { Reason } from '../core/plan.ts';
import { logCollectorService } from '../services/desired/log-collector.ts';
import { digestOf } from '../services/digest.ts';
import type { Desired, DesiredChange, DesiredService } from '../services/model.ts';

/** Why each service is new, different or gone, told by what changed in the config; otherwise by `fallback`. Pure. */
export function explainChange(
  before: Desired,
  after: Desired,
  changes: readonly ConfigChange[],
  fallback: Reason,
): DesiredChange {
  const causes: Record<string, Reason> = {};
  const removals: Record<string, Reason> = {};
  for (const [name, service] of after.services) {
    const old = before.services.get(name);
    if (old?.digest === service.digest) continue;
    const own =
      configReason(name, changes) ?? collectorReason(old, service, changes) ?? otherKey(changes, old === undefined);
    // The user engine comes with the first service that runs on it: that one's key is the reason.
    const implied = changes.find(({ key, change }) => key === service.key && change === 'added');
    causes[name] =
      own ?? (implied === undefined ? fallback : { kind: 'config', key: implied.key, change: implied.change });
  }
  for (const name of before.services.keys()) {
    if (!after.services.has(name)) removals[name] = configReason(name, changes) ?? fallback;
  }
  return { causes, removals };
}

/** The key of the service's own declaration that changed; the first of several stands for all. */
function configReason(name: string, changes: readonly ConfigChange[]): Reason | undefined {
  const own = changes.find(({ key }) => {
    for (const section of ['services', 'enable']) {
      const prefix = `berth.${section}.${name}`;
      if (key === prefix || key.startsWith(`${prefix}.`) || key.startsWith(`${prefix}[`)) return true;
    }
    return false;
  });
  return own === undefined ? undefined : { kind: 'config', key: own.key, change: own.change };
}

/** The log collector came, went or moved, and this service's log goes with it. */
function collectorReason(
  old: DesiredService | undefined,
  service: DesiredService,
  changes: readonly ConfigChange[],
): Reason | undefined {
  const isMoved = old !== undefined && digestOf(old.container.logging) !== digestOf(service.container.logging);
  return isMoved ? configReason(logCollectorService, changes) : undefined;
}

/** What services are made from besides their own keys: more likely the reason than others, such as `berth.sysctl`. */
const sharedKeys =
  /^(users|groups|ntp|berth\.(dns|proxy|ca_certificates|registries|engines|networks|volumes|secrets|configs))(?=[.[]|$)/;

/** A service whose digest changed though its own keys did not: users for the console, time servers for ntp, networks. */
function otherKey(changes: readonly ConfigChange[], isNew: boolean): Reason | undefined {
  const others = changes.filter(({ key }) => !key.startsWith('berth.services.') && !key.startsWith('berth.enable'));
  const other = others.find(({ key }) => sharedKeys.test(key)) ?? others[0];
  if (isNew || other === undefined) return undefined;
  return { kind: 'config', key: other.key, change: other.change };
}
