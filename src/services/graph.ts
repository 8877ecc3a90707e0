import type { Desired, DesiredService } from './model.ts';

export interface GraphEdge {
  /** The service that waits. */
  readonly from: string;
  /** The service it waits for. */
  readonly to: string;
  readonly condition: 'started' | 'healthy' | 'completed';
}

/** Names in an order in which every service comes after what it waits for; equal ranks alphabetically. */
export function startOrder(names: Iterable<string>, dependenciesOf: (name: string) => readonly string[]): string[] {
  const all = [...names].sort();
  const known = new Set(all);
  const done = new Set<string>();
  const order: string[] = [];
  const visit = (name: string, path: ReadonlySet<string>): void => {
    // A cycle is refused by the parser; here it must only not hang.
    if (done.has(name) || path.has(name) || !known.has(name)) return;
    const deeper = new Set(path).add(name);
    for (const dependency of [...dependenciesOf(name)].sort()) visit(dependency, deeper);
    done.add(name);
    order.push(name);
  };
  for (const name of all) visit(name, new Set());
  return order;
}

/** These names, and all that they lead to. Pure. */
export function closureOf(names: Iterable<string>, dependenciesOf: (name: string) => readonly string[]): Set<string> {
  // A set hands out what is added to it on the way.
  const closure = new Set(names);
  for (const name of closure) for (const next of dependenciesOf(name)) closure.add(next);
  return closure;
}

/** The first dependency cycle, as `[a, b, a]`, or undefined. */
export function findCycle(
  names: Iterable<string>,
  dependenciesOf: (name: string) => readonly string[],
): string[] | undefined {
  const finished = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    const seen = path.indexOf(name);
    if (seen !== -1) return [...path.slice(seen), name];
    if (finished.has(name)) return undefined;
    for (const dependency of dependenciesOf(name)) {
      const cycle = visit(dependency, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(name);
    return undefined;
  };
  for (const name of names) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Services in start order. */
export function desiredOrder(desired: Desired): DesiredService[] {
  const order = startOrder(desired.services.keys(), (name) =>
    (desired.services.get(name)?.conditions ?? []).map(({ service }) => service),
  );
  return order.flatMap((name) => desired.services.get(name) ?? []);
}

/** Every declared edge of the dependency graph. */
export function graphEdges(desired: Desired): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const { name, conditions } of desiredOrder(desired)) {
    for (const { service, condition, origin } of conditions)
      if (origin === 'declared') edges.push({ from: name, to: service, condition });
  }
  return edges;
}
