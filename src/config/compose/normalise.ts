import type { Build } from './build-shapes.ts';
import type { ComposeModel } from './model.ts';
import type { ServiceSpec } from './service-keys.ts';
import type { Dependency } from './types.ts';

/** A service with the keys that Berth does not run, as a whole project has them. */
export type ProjectService = ServiceSpec & {
  readonly build?: Build;
  readonly links?: readonly string[];
  readonly volumes_from?: readonly string[];
  readonly provider?: unknown;
};

/**
 * The project with what Compose implies written out: the default network and its users, dependencies that follow from
 * shared namespaces, links and volumes, the build's file, and the engine names of resources.
 */
export function normalise(model: ComposeModel, project: string): ComposeModel {
  const services = Object.fromEntries(
    Object.entries(model.services).map(([name, spec]) => [name, normaliseService(spec)] as const),
  );
  const usesDefault = Object.values(services).some(({ networks }) => networks !== undefined && 'default' in networks);
  const networks = usesDefault ? { default: {}, ...model.networks } : model.networks;
  return {
    services,
    networks: withNames(networks, project),
    volumes: withNames(model.volumes, project),
    secrets: withNames(model.secrets, project),
    configs: withNames(model.configs, project),
  };
}

function normaliseService(service: ProjectService): ProjectService {
  const joinsDefault =
    service.network_mode === undefined &&
    service.provider === undefined &&
    Object.keys(service.networks ?? {}).length === 0;
  const dependsOn = { ...impliedDependencies(service), ...service.depends_on };
  return {
    ...service,
    ...(joinsDefault ? { networks: { default: null } } : {}),
    ...(Object.keys(dependsOn).length === 0 ? {} : { depends_on: dependsOn }),
    ...(service.scale === undefined || service.deploy === undefined
      ? {}
      : { deploy: { ...service.deploy, replicas: service.scale } }),
    ...(service.build === undefined ? {} : { build: normaliseBuild(service.build) }),
    ...(service.pull_policy === 'if_not_present' ? { pull_policy: 'missing' } : {}),
  };
}

function normaliseBuild(build: Build): Build {
  const dockerfile =
    build.dockerfile === undefined && build.dockerfile_inline === undefined ? { dockerfile: 'Dockerfile' } : {};
  return { context: '.', ...dockerfile, ...build };
}

const sharedNamespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'] as const;
const servicePrefix = 'service:';

function impliedDependencies(service: ProjectService): Record<string, Dependency> {
  const namespaces = sharedNamespaces.map((key) => service[key] ?? '').filter((mode) => mode.startsWith(servicePrefix));
  const restarting = [
    ...(service.links ?? []).map((link) => link.split(':')[0] ?? link),
    ...namespaces.map((mode) => mode.slice(servicePrefix.length)),
  ];
  const sharing = (service.volumes_from ?? [])
    .filter((from) => !from.startsWith('container:'))
    .map((from) => from.split(':')[0] ?? from);
  const implied = (restart: boolean): Dependency => ({ condition: 'service_started', restart, required: true });
  const found = [
    ...sharing.map((name) => [name, implied(false)] as const),
    ...restarting.map((name) => [name, implied(true)] as const),
  ];
  return Object.fromEntries(found);
}

function withNames<T extends { readonly name?: string; readonly external?: boolean }>(
  resources: Readonly<Record<string, T>>,
  project: string,
): Record<string, T> {
  const named = new Map<string, T>();
  for (const [key, resource] of Object.entries(resources)) {
    named.set(key, { ...resource, name: resource.name ?? (resource.external === true ? key : `${project}_${key}`) });
  }
  return Object.fromEntries<T>(named);
}
