import type { ServiceSpec } from '../../config/service-spec.ts';
import { closureOf } from '../graph.ts';
import type { DesiredService, StartCondition } from '../model.ts';
import { userEngineService } from './declared.ts';
import { logCollectorService } from './log-collector.ts';

const conditionNames = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const;

type MaybeOptional = StartCondition & { readonly optional?: true };
type Services = ReadonlyMap<string, DesiredService>;

/** A service's own `depends_on`; {@link withConditions} drops the optional ones on services that are not there. Pure. */
export function declaredConditions(spec: ServiceSpec): readonly StartCondition[] {
  return Object.entries(spec.depends_on ?? {}).map(
    ([service, { condition, required, restart }]): MaybeOptional => ({
      service,
      condition: conditionNames[condition],
      restart: restart ?? false,
      origin: 'declared',
      ...(required ? {} : { optional: true }),
    }),
  );
}

/**
 * Drops optional conditions on services that are not there, lets every other service wait for the essential ones, and
 * the collected ones for the log collector. Pure.
 */
export function withConditions(services: Services, collected: ReadonlySet<string>): Map<string, DesiredService> {
  const first = essentialClosure(services);
  const unlogged = unloggedOf(services, first);
  const result = new Map<string, DesiredService>();
  for (const [name, service] of services) {
    const declared = (service.conditions as readonly MaybeOptional[]).flatMap(({ optional, ...condition }) =>
      optional === true && !services.has(condition.service) ? [] : [condition],
    );
    const targets: [string, StartCondition['origin']][] = first.has(name)
      ? []
      : [...first].filter((one) => services.get(one)?.essential).map((one) => [one, 'essential']);
    if (collected.has(name) && !unlogged.has(name)) targets.push([logCollectorService, 'collector']);
    const implied = targets.flatMap(([target, origin]) => {
      const isDeclared = declared.some((condition) => condition.service === target);
      return isDeclared ? [] : impliedCondition(services.get(target), origin);
    });
    const missing = declared.filter((condition) => !services.has(condition.service));
    const problem = [
      service.problem,
      ...missing.map((condition) => `depends on "${condition.service}", which is not declared or not enabled`),
    ].filter((text) => text !== undefined);
    result.set(name, {
      ...service,
      conditions: [...declared, ...implied],
      ...(problem.length === 0 ? {} : { problem: problem.join('; ') }),
    });
  }
  return result;
}

function impliedCondition(target: DesiredService | undefined, origin: StartCondition['origin']): StartCondition[] {
  if (target === undefined) return [];
  const condition = target.kind === 'one-shot' ? 'completed' : target.hasHealthcheck ? 'healthy' : 'started';
  return [{ service: target.name, condition, restart: false, origin }];
}

/** Essential services and everything they wait for: these start before all others. */
function essentialClosure(services: Services): Set<string> {
  return neededBy(
    services,
    [...services.values()].filter(({ essential }) => essential).map(({ name }) => name),
  );
}

/** What the log collector itself waits for, so that it cannot wait for the collector. */
function unloggedOf(services: Services, first: ReadonlySet<string>): Set<string> {
  const needed = neededBy(services, services.has(logCollectorService) ? [logCollectorService] : []);
  return first.has(logCollectorService) ? needed : new Set([...needed, ...first]);
}

/** These services, what they wait for by their own declaration, and the engine they run on. */
function neededBy(services: Services, names: readonly string[]): Set<string> {
  return closureOf(names, (name) => {
    const { conditions = [], engine } = services.get(name) ?? {};
    return [...conditions.map(({ service }) => service), ...(engine === 'user' ? [userEngineService] : [])];
  });
}
