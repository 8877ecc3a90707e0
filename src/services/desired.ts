import type { HostConfig } from '../config/host-config.ts';
import type { ComposeModel, EngineName, NetworkSpec, ServiceSpec, VolumeSpec } from '../config/service-spec.ts';
import type { NetworkCreate } from '../engine/container-engine.ts';
import { adjustService } from './adjust.ts';
import { containerConfig, defaultHealth, graceSecondsOf } from './container-config.ts';
import { digestOf } from './digest.ts';
import { resolveFile } from './files.ts';
import { type EngineView, sourcesOf } from './host-sources.ts';
import type { Desired, DesiredNetwork, DesiredService, DesiredVolume, ServiceKind, StartCondition } from './model.ts';
import { containerName, label, resourceName } from './names.ts';

/** What the host adds to the config: where things are, and what an operator switched. */
export interface DesiredContext {
  /** Names this Berth on a shared engine. */
  readonly instance: string;
  /** Directory of materialised secrets and configs. */
  readonly filesDirectory: string;
  /** The catalogue's services as they are on this host, each with the networks, volumes and files it brings. */
  readonly catalogue: ReadonlyMap<string, ComposeModel>;
  /** True when the user engine is Berth's own `docker` service rather than an engine that is there anyway. */
  readonly userEngineIsService: boolean;
  /** What it sees of the machine's files; absent: everything. */
  readonly engineView?: EngineView;
  /** Why that service must not run here. */
  readonly ownUserEngineProblem?: string;
  /** Operator's `berth service enable|disable`. */
  readonly overlay: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  readonly environment: Readonly<Record<string, string>>;
}

/** The catalogue service that is the user engine. */
export const userEngineService = 'docker';

interface Declared {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly origin: 'catalogue' | 'config';
  readonly key: string;
  readonly model: ComposeModel;
}

/** Everything the config declares about services, resolved for this host. Pure. */
export function desiredServices(config: HostConfig, context: DesiredContext): Desired {
  const declared = declaredServices(config, context);
  const networks = new Map<string, DesiredNetwork>();
  const volumes = new Map<string, DesiredVolume>();
  const completedTargets = new Set(
    declared.flatMap(({ spec }) =>
      Object.entries(spec.depends_on ?? {}).flatMap(([name, { condition }]) =>
        condition === 'service_completed_successfully' ? [name] : [],
      ),
    ),
  );
  const services = new Map<string, DesiredService>();
  for (const one of declared) {
    services.set(one.name, resolveService(one, config, context, networks, volumes, completedTargets.has(one.name)));
  }
  return { services: withConditions(services), networks: [...networks.values()], volumes: [...volumes.values()] };
}

function declaredServices(config: HostConfig, context: DesiredContext): Declared[] {
  const { catalogue, overlay } = context;
  const declared = new Map<string, Declared>();
  const enable = new Set([...config.enable, ...overlay.enabled]);
  for (const [name, spec] of Object.entries(config.compose.services)) {
    const fromCatalogue = catalogue.get(name);
    const base = fromCatalogue?.services[name];
    const key = `berth.services.${name}`;
    if (base !== undefined) {
      const model = mergeModels(fromCatalogue ?? config.compose, config.compose);
      if (enable.has(name))
        declared.set(name, { name, spec: adjustService(base, spec), origin: 'catalogue', key, model });
    } else if ((spec.profiles ?? []).length === 0 || enable.has(name)) {
      declared.set(name, { name, spec, origin: 'config', key, model: config.compose });
    }
  }
  const addFromCatalogue = (name: string, key: string): void => {
    const model = catalogue.get(name);
    const spec = model?.services[name];
    if (!declared.has(name) && model !== undefined && spec !== undefined)
      declared.set(name, { name, spec, origin: 'catalogue', key, model });
  };
  for (const name of enable) addFromCatalogue(name, 'berth.enable');
  for (const name of overlay.disabled) declared.delete(name);
  const onUserEngine = [...declared.values()].find(({ spec }) => engineOf(spec) === 'user');
  if (context.userEngineIsService && onUserEngine !== undefined) addFromCatalogue(userEngineService, onUserEngine.key);
  return [...declared.values()];
}

function mergeModels(base: ComposeModel, over: ComposeModel): ComposeModel {
  return {
    services: base.services,
    networks: { ...base.networks, ...over.networks },
    volumes: { ...base.volumes, ...over.volumes },
    secrets: { ...base.secrets, ...over.secrets },
    configs: { ...base.configs, ...over.configs },
  };
}

function engineOf(spec: ServiceSpec): EngineName {
  return spec['x-berth']?.engine ?? 'user';
}

function kindOf(spec: ServiceSpec, isCompletionTarget: boolean): ServiceKind {
  if (spec['x-berth']?.schedule !== undefined) return 'scheduled';
  // Somebody waits for it to end well: it is a task, and must not be started again when it has.
  return spec['x-berth']?.one_shot === true || isCompletionTarget ? 'one-shot' : 'service';
}

function resolveService(
  { name, spec, origin, key, model }: Declared,
  config: HostConfig,
  context: DesiredContext,
  networks: Map<string, DesiredNetwork>,
  volumes: Map<string, DesiredVolume>,
  isCompletionTarget: boolean,
): DesiredService {
  const engine = engineOf(spec);
  const berth = spec['x-berth'];
  const problems: string[] = [];
  if (name === userEngineService && origin === 'catalogue' && context.ownUserEngineProblem !== undefined)
    problems.push(context.ownUserEngineProblem);
  if (spec.image === undefined) problems.push('has no image: give it one, or the name of a catalogue service');
  if (engine === 'system' && spec.networks !== undefined)
    problems.push('asks for networks, but the system engine has none: use network_mode host or none');

  const files = [
    ...(spec.secrets ?? []).map((use) =>
      resolveFile(use, model.secrets[use.source], 'secret', context.filesDirectory, context.environment),
    ),
    ...(spec.configs ?? []).map((use) =>
      resolveFile(use, model.configs[use.source], 'config', context.filesDirectory, context.environment),
    ),
  ];
  problems.push(...files.flatMap(({ problem }) => problem ?? []));

  const networkName = (network: string): string =>
    model.networks[network]?.name ?? resourceName(context.instance, network);
  const volumeName = (volume: string): string => model.volumes[volume]?.name ?? resourceName(context.instance, volume);
  const declared = containerConfig(spec, {
    service: name,
    engine,
    networkName,
    volumeName,
    containerNameOf: (service) => containerName(context.instance, service),
    fileMounts: files.flatMap(({ mount }) => mount ?? []),
    hostEnvironment: origin === 'config' ? proxyEnvironment(config) : {},
    hostDns: config.connectivity.dns,
    logging: { driver: config.engines[engine].logDriver, options: config.engines[engine].logOptions },
  });

  const sees = engine === 'user' ? context.engineView : undefined;
  const view = sees === undefined ? undefined : sourcesOf(declared.mounts, sees);
  problems.push(...(view?.problems ?? []));
  const container = view === undefined ? declared : { ...declared, mounts: view.mounts };

  const usedNetworks = container.networks.map((network) => network.name);
  const digests: Record<string, string> = {};
  for (const network of Object.keys(spec.networks ?? { default: null })) {
    const fullName = networkName(network);
    if (!usedNetworks.includes(fullName) || model.networks[network]?.external === true) continue;
    const wanted = desiredNetwork(fullName, engine, network, model.networks[network]);
    networks.set(`${engine}/${fullName}`, wanted);
    digests[fullName] = wanted.digest;
  }
  const usedVolumes: string[] = [];
  for (const mount of spec.volumes ?? []) {
    if (mount.type !== 'volume' || mount.source === undefined || model.volumes[mount.source]?.external === true)
      continue;
    const wanted = desiredVolume(volumeName(mount.source), engine, mount.source, model.volumes[mount.source]);
    volumes.set(`${engine}/${wanted.name}`, wanted);
    usedVolumes.push(wanted.name);
  }

  const health = spec.healthcheck;
  const hasHealthcheck = health?.test !== undefined && container.healthcheck?.test[0] !== 'NONE';
  const kind = kindOf(spec, isCompletionTarget);
  return {
    name,
    kind,
    engine,
    origin,
    key,
    spec,
    container,
    containerName: spec.container_name ?? containerName(context.instance, name),
    digest: digestOf({ container, networks: digests }),
    files: files.flatMap(({ file }) => file ?? []),
    hostSources: view?.sources ?? [],
    conditions: Object.entries(spec.depends_on ?? {}).map(([service, dependency]) => ({
      service,
      condition: conditionNames[dependency.condition],
      restart: dependency.restart ?? false,
      declared: true,
      // Kept until withConditions has seen which services exist.
      ...(dependency.required ? {} : { optional: true }),
    })),
    networks: Object.keys(digests),
    volumes: usedVolumes,
    pull: spec.pull_policy === 'always' || spec.pull_policy === 'never' ? spec.pull_policy : 'missing',
    graceSeconds: graceSecondsOf(spec),
    proofMs: proofMsOf(spec),
    settleMs: berth?.settle === undefined ? 5000 : Math.round(berth.settle / 1e6),
    hasHealthcheck,
    restartBy: restartByOf(spec),
    // A task's old container has nothing to come back for: started again, it would do its work twice.
    update: kind === 'one-shot' ? 'delete-then-create' : (berth?.update ?? 'replace'),
    disposable: berth?.disposable ?? false,
    critical: berth?.critical ?? false,
    essential: berth?.essential ?? false,
    ...(berth?.schedule === undefined
      ? {}
      : {
          schedule: { expression: berth.schedule, timezone: berth.timezone ?? 'UTC', overlap: berth.overlap ?? 'skip' },
        }),
    ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
  };
}

const conditionNames = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const;

/** Time until a healthcheck must have said `healthy` at least once: its start period, all its retries, and a minute's slack. */
function proofMsOf(spec: ServiceSpec): number {
  const {
    interval = defaultHealth.interval,
    timeout = defaultHealth.timeout,
    retries = defaultHealth.retries,
    start_period = 0,
  } = spec.healthcheck ?? {};
  return Math.round((start_period + (interval + timeout) * (retries + 1)) / 1e6) + 60_000;
}

function restartByOf(spec: ServiceSpec): DesiredService['restartBy'] {
  if (spec.restart === undefined) return 'berth';
  return spec.restart === 'no' ? 'never' : 'engine';
}

function proxyEnvironment(config: HostConfig): Record<string, string> {
  const { http, https, noProxy } = config.connectivity.proxy;
  const pairs: [string, string | undefined][] = [
    ['HTTP_PROXY', http],
    ['HTTPS_PROXY', https],
    ['NO_PROXY', noProxy.length === 0 ? undefined : noProxy.join(',')],
  ];
  // Programs disagree on the case, so both are set, as dockerd's own client does.
  return Object.fromEntries(
    pairs.flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            [name, value],
            [name.toLowerCase(), value],
          ],
    ),
  );
}

function desiredNetwork(
  name: string,
  engine: EngineName,
  declaredName: string,
  spec: NetworkSpec = {},
): DesiredNetwork {
  const create: NetworkCreate = {
    driver: spec.driver ?? 'bridge',
    driverOptions: { ...spec.driver_opts },
    labels: { ...spec.labels },
    internal: spec.internal ?? false,
    attachable: spec.attachable ?? false,
    enableIpv6: spec.enable_ipv6 ?? false,
    ...(spec.ipam?.driver === undefined ? {} : { ipamDriver: spec.ipam.driver }),
    ipam: (spec.ipam?.config ?? []).map(({ subnet, ip_range, gateway, aux_addresses }) => ({
      ...(subnet === undefined ? {} : { subnet }),
      ...(ip_range === undefined ? {} : { ipRange: ip_range }),
      ...(gateway === undefined ? {} : { gateway }),
      ...(aux_addresses === undefined ? {} : { auxiliaryAddresses: aux_addresses }),
    })),
  };
  return { name, engine, key: `berth.networks.${declaredName}`, digest: digestOf(create), create };
}

function desiredVolume(name: string, engine: EngineName, declaredName: string, spec: VolumeSpec = {}): DesiredVolume {
  const create = { driver: spec.driver ?? 'local', driverOptions: { ...spec.driver_opts }, labels: { ...spec.labels } };
  return { name, engine, key: `berth.volumes.${declaredName}`, create };
}

type MaybeOptional = StartCondition & { readonly optional?: true };

/** Drops optional conditions on services that are not there, and lets every other service wait for the essential ones. */
function withConditions(services: ReadonlyMap<string, DesiredService>): Map<string, DesiredService> {
  const before = essentialClosure(services);
  const result = new Map<string, DesiredService>();
  for (const [name, service] of services) {
    const declared = (service.conditions as readonly MaybeOptional[]).flatMap(({ optional, ...condition }) =>
      optional === true && !services.has(condition.service) ? [] : [condition],
    );
    const implied = before.has(name)
      ? []
      : [...before].flatMap((essential): StartCondition[] => {
          const target = services.get(essential);
          if (target?.essential !== true || declared.some(({ service: other }) => other === essential)) return [];
          const condition = target.kind === 'one-shot' ? 'completed' : target.hasHealthcheck ? 'healthy' : 'started';
          return [{ service: essential, condition, restart: false, declared: false }];
        });
    const conditions = [...declared, ...implied];
    const missing = declared
      .filter((condition) => !services.has(condition.service))
      .map((condition) => condition.service);
    const problem = [
      service.problem,
      ...missing.map((target) => `depends on "${target}", which is not declared or not enabled`),
    ].filter((text) => text !== undefined);
    result.set(name, { ...service, conditions, ...(problem.length === 0 ? {} : { problem: problem.join('; ') }) });
  }
  return result;
}

/** Essential services and everything they wait for: these start before all others. */
function essentialClosure(services: ReadonlyMap<string, DesiredService>): Set<string> {
  const closure = new Set<string>();
  const add = (name: string): void => {
    if (closure.has(name)) return;
    closure.add(name);
    for (const { service } of services.get(name)?.conditions ?? []) add(service);
  };
  for (const { name, essential, engine } of services.values()) {
    if (!essential) continue;
    add(name);
    if (engine === 'user') add(userEngineService);
  }
  return closure;
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
