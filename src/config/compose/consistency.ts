import type { DocumentPath, Problem } from '../../core/diagnostic.ts';
import { isHealthTest } from './command-shapes.ts';
import type { ComposeModel } from './model.ts';
import type { ProjectService } from './normalise.ts';
import type { ResourceLimits } from './types.ts';

type Findings = readonly (readonly [path: DocumentPath, message: string])[];
type Check = (service: ProjectService, model: ComposeModel) => Findings;

/** What must hold between the keys of a service and the rest of its project: one function a rule. */
const checks: readonly Check[] = [
  ({ image, build, provider }) =>
    image === undefined && build === undefined && provider === undefined
      ? [[[], 'has neither an image nor a build context']]
      : [],
  ({ build }) =>
    build?.dockerfile_inline !== undefined && build.dockerfile !== undefined
      ? [[['build'], '"dockerfile" and "dockerfile_inline" exclude each other']]
      : [],
  ({ build, platform }) =>
    build?.platforms !== undefined &&
    build.platforms.length > 0 &&
    platform !== undefined &&
    !build.platforms.includes(platform)
      ? [[['build', 'platforms'], `does not include the service's platform "${platform}"`]]
      : [],
  ({ network_mode: mode, networks = {} }) =>
    mode !== undefined && Object.keys(networks).length > 0
      ? [[['network_mode'], '"network_mode" and "networks" exclude each other']]
      : [],
  ({ healthcheck: { test = [] } = {} }) =>
    isHealthTest(test) ? [] : [[['healthcheck', 'test'], 'must start with CMD, CMD-SHELL or NONE']],
  ({ networks = {} }, model) => undeclared('network', Object.keys(networks), model.networks, ['networks']),
  ({ volumes = [] }, model) => {
    const named = volumes.flatMap(({ type, source }) =>
      type === 'volume' && source !== undefined && source !== '' ? [source] : [],
    );
    return undeclared('volume', named, model.volumes, ['volumes']);
  },
  ({ secrets = [] }, model) =>
    undeclared(
      'secret',
      secrets.map(({ source }) => source),
      model.secrets,
      ['secrets'],
    ),
  ({ configs = [] }, model) =>
    undeclared(
      'config',
      configs.map(({ source }) => source),
      model.configs,
      ['configs'],
    ),
  ({ build }, model) =>
    undeclared(
      'secret',
      (build?.secrets ?? []).map(({ source }) => source),
      model.secrets,
      ['build', 'secrets'],
    ),
  ({ depends_on: dependsOn = {} }, model) => {
    const needed = Object.entries(dependsOn).filter(([, { required }]) => required);
    return undeclared(
      'service',
      needed.map(([name]) => name),
      model.services,
      ['depends_on'],
    );
  },
  ({ network_mode: mode = '' }, model) =>
    mode.startsWith('service:')
      ? undeclared('service', [mode.slice('service:'.length)], model.services, ['network_mode'])
      : [],
  ({ scale, deploy }) => differ('scale', scale, 'deploy.replicas', deploy?.replicas),
  ({ cpus, deploy }) =>
    differ('cpus', cpus, 'deploy.resources.limits.cpus', limitOf(deploy?.resources?.limits, 'cpus')),
  ({ mem_limit: memory, deploy }) =>
    differ('mem_limit', memory, 'deploy.resources.limits.memory', limitOf(deploy?.resources?.limits, 'memory')),
  ({ mem_reservation: memory, deploy }) =>
    differ(
      'mem_reservation',
      memory,
      'deploy.resources.reservations.memory',
      limitOf(deploy?.resources?.reservations, 'memory'),
    ),
  ({ pids_limit: pids, deploy }) =>
    differ('pids_limit', pids, 'deploy.resources.limits.pids', limitOf(deploy?.resources?.limits, 'pids')),
  ({ container_name: name, scale, deploy }) =>
    name !== undefined && (scale ?? deploy?.replicas ?? 1) > 1
      ? [[['container_name'], 'one name cannot be had by several containers']]
      : [],
];

function undeclared(kind: string, names: readonly string[], declared: object, path: DocumentPath): Findings {
  const missing = names.filter((name) => !Object.hasOwn(declared, name));
  return missing.map((name) => [path, `refers to the ${kind} "${name}", which is not declared`]);
}

function differ(key: string, value: number | undefined, otherKey: string, other: number | undefined): Findings {
  if (value === undefined || value === 0 || other === undefined || value === other) return [];
  return [[[key], `says something else than "${otherKey}"`]];
}

/** Limits that are written at all say 0 where they do not name one. */
function limitOf(limits: ResourceLimits | undefined, name: keyof ResourceLimits): number | undefined {
  return limits === undefined ? undefined : (limits[name] ?? 0);
}

/** Contradictions inside a project, as the reference implementation finds them before anything is started. Pure. */
export function checkConsistency(model: ComposeModel): Problem[] {
  const services = Object.entries(model.services).flatMap(([name, service]) =>
    checks
      .flatMap((check) => check(service, model))
      .map(([path, message]) => problem(['services', name, ...path], message)),
  );
  const cycle = findCycle(model);
  return cycle === undefined
    ? services
    : [...services, problem(['services', cycle[0] ?? ''], `depends on itself: ${cycle.join(' → ')}`)];
}

function problem(path: DocumentPath, message: string): Problem {
  return { path, severity: 'error', code: 'invalid-value', message };
}

/** The first chain of dependencies that comes back to where it started. */
function findCycle(model: ComposeModel): string[] | undefined {
  const done = new Set<string>();
  function visit(name: string, chain: readonly string[]): string[] | undefined {
    if (chain.includes(name)) return [...chain.slice(chain.indexOf(name)), name];
    if (done.has(name)) return undefined;
    done.add(name);
    const next = Object.keys(model.services[name]?.depends_on ?? {});
    return next.map((dependency) => visit(dependency, [...chain, name])).find((cycle) => cycle !== undefined);
  }
  return Object.keys(model.services)
    .map((name) => visit(name, []))
    .find((cycle) => cycle !== undefined);
}
