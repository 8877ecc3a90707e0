import { didYouMean } from '../near-miss.ts';
import type { Place } from '../place.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { isMapping, type Located } from '../shape.ts';

type Services = Readonly<Record<string, ServiceSpec>>;

/**
 * What can only be said about services once all are known: dependencies on nothing, cycles, services without an image.
 * `declared` is the section as it stands in the text, to find where each dependency was written.
 */
export function checkServices(
  services: Services,
  declared: Located<Readonly<Record<string, unknown>>>,
  enabled: readonly string[],
  catalogue: readonly string[] | undefined,
): void {
  // A service with an error of its own is left out of the model, but it was declared.
  const known = new Set([...Object.keys(declared.value), ...enabled, ...(catalogue ?? [])]);
  const placeOf = (name: string, target: string): Place => placeOfDependency(declared, name, target);
  for (const [name, service] of Object.entries(services)) {
    for (const [target, { required }] of Object.entries(service.depends_on ?? {})) {
      if (known.has(target) || !required) continue;
      const hint = didYouMean(target, known) ?? 'declare it under berth.services, or enable it under berth.enable';
      placeOf(name, target).error(
        'unknown-service',
        `"${name}" depends on "${target}", which does not exist`,
        hint,
        'key',
      );
    }
    const ofCatalogue = (catalogue ?? enabled).includes(name);
    if (service.image === undefined && !ofCatalogue) {
      const message = `the service "${name}" is left without an image and fails at apply`;
      declared.place.child(name).warn('no-image', message, 'add "image"', 'key');
    }
  }
  const cycle = findCycle(services);
  if (cycle === undefined) return;
  const [from = '', to = ''] = cycle;
  placeOf(from, to).error(
    'dependency-cycle',
    `services depend on each other in a circle: ${cycle.join(' → ')}`,
    'remove one of the dependencies',
    'key',
  );
}

/** The names along a cycle, the first one again at the end; undefined when there is none. */
export function findCycle(services: Services): string[] | undefined {
  const done = new Set<string>();
  const trail = new Set<string>();
  const open: { name: string; targets: string[] }[] = [];
  const enter = (name: string): void => {
    trail.add(name);
    open.push({ name, targets: Object.keys(services[name]?.depends_on ?? {}) });
  };
  for (const start of Object.keys(services)) {
    if (!done.has(start)) enter(start);
    // An own stack: a chain of services may be longer than the engine's call stack allows.
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const target = top.targets.shift();
      if (target === undefined) {
        done.add(top.name);
        trail.delete(top.name);
        open.pop();
      } else if (trail.has(target)) {
        const names = [...trail];
        return [...names.slice(names.indexOf(target)), target];
      } else if (!done.has(target) && Object.hasOwn(services, target)) {
        enter(target);
      }
    }
  }
  return undefined;
}

function placeOfDependency(declared: Located<Readonly<Record<string, unknown>>>, name: string, target: string): Place {
  const service = declared.value[name];
  const place = declared.place.child(name).child('depends_on');
  const dependencies = isMapping(service) ? service['depends_on'] : undefined;
  return place.child(Array.isArray(dependencies) ? dependencies.indexOf(target) : target);
}
