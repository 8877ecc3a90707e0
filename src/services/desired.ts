import type { HostConfig } from '../config/host-config.ts';
import { withConditions } from './desired/conditions.ts';
import type { DesiredContext } from './desired/context.ts';
import { type Declared, declaredServices } from './desired/declared.ts';
import { logCollectorService } from './desired/log-collector.ts';
import { Resolutions } from './desired/resolutions.ts';
import type { Desired, DesiredNetwork, DesiredService, DesiredVolume } from './model.ts';
import { label } from './names.ts';

/**
 * Everything the config declares about services, resolved for this host. Pure, but for what `last` remembers: services that
 * are declared as they were the last time are the same objects again.
 */
export function desiredServices(
  config: HostConfig,
  context: DesiredContext,
  last: Resolutions = new Resolutions(),
): Desired {
  const declared = declaredServices(config, context);
  const collector = declared.find(({ name, origin }) => name === logCollectorService && origin === 'catalogue')?.spec;
  const completionTargets = completionTargetsOf(declared);
  const services = new Map<string, DesiredService>();
  const networks = new Map<string, DesiredNetwork>();
  const volumes = new Map<string, DesiredVolume>();
  const collected = new Set<string>();
  for (const [one, resolved] of last.resolve(declared, { ...context, config, collector, completionTargets })) {
    services.set(one.name, resolved.service);
    for (const network of resolved.networks) networks.set(`${network.engine}/${network.name}`, network);
    for (const volume of resolved.volumes) volumes.set(`${volume.engine}/${volume.name}`, volume);
    if (resolved.isCollected) collected.add(one.name);
  }
  return {
    services: withConditions(services, collected),
    networks: [...networks.values()],
    volumes: [...volumes.values()],
  };
}

function completionTargetsOf(declared: readonly Declared[]): Set<string> {
  const conditions = declared.flatMap(({ spec }) => Object.entries(spec.depends_on ?? {}));
  return new Set(
    conditions.flatMap(([name, { condition }]) => (condition === 'service_completed_successfully' ? [name] : [])),
  );
}

/** The labels every container of ours carries, beside the user's. */
export function ownLabels(instance: string, service: DesiredService): Record<string, string> {
  return {
    [label.instance]: instance,
    [label.service]: service.name,
    [label.digest]: service.digest,
    [label.after]: service.conditions.map((condition) => condition.service).join(','),
    [label.grace]: String(service.graceSeconds),
    [label.networks]: service.networks.join(','),
  };
}
