import type { HostConfig } from '../../config/host-config.ts';
import type { ServiceSpec } from '../../config/service-spec.ts';
import type { ContainerConfig } from '../../engine/container-engine.ts';
import { containerConfig, defaultHealth, graceSecondsOf } from '../container-config.ts';
import { digestOf } from '../digest.ts';
import { type ResolvedFile, resolveFile } from '../files.ts';
import { sourcesOf } from '../host-sources.ts';
import type { DesiredService, ServiceKind } from '../model.ts';
import { containerName } from '../names.ts';
import { declaredConditions } from './conditions.ts';
import type { DesiredContext } from './context.ts';
import { type Declared, engineOf, userEngineService } from './declared.ts';
import { canBeCollected, collectedLogging, type Logging } from './log-collector.ts';
import { type DeclaredResources, namesOf, resourcesOf } from './resources.ts';

/** What is needed to resolve one service beside its own declaration. */
export interface ServiceContext extends DesiredContext {
  readonly config: HostConfig;
  /** The log collector, when it is to run. */
  readonly collector: ServiceSpec | undefined;
  /** Services that another one waits for until they have ended well. */
  readonly completionTargets: ReadonlySet<string>;
}

/** A service with the networks and volumes it uses. */
export interface ResolvedService extends DeclaredResources {
  readonly service: DesiredService;
  /** What it writes goes to the log collector. */
  readonly isCollected: boolean;
}

/** One declared service as this host is to run it; its conditions are those of its own `depends_on`. Pure. */
export function resolveService(declared: Declared, context: ServiceContext): ResolvedService {
  const { name, spec, origin, key } = declared;
  const { collector, config, instance } = context;
  const engine = engineOf(spec);
  const kind = kindOf(spec, context.completionTargets.has(name));
  const files = filesOf(declared, context);
  const { logDriver, logOptions } = config.engines[engine];
  const local: Logging = { driver: logDriver, options: logOptions };
  const isCollected = collector !== undefined && canBeCollected(name, spec, logDriver);
  const asked = containerConfig(spec, {
    service: name,
    engine,
    ...namesOf(declared, instance),
    containerNameOf: (other) => containerName(instance, other),
    fileMounts: files.flatMap(({ mount }) => mount ?? []),
    hostEnvironment: origin === 'config' ? proxyEnvironment(config) : {},
    hostDns: config.connectivity.dns,
    logging: isCollected ? collectedLogging(collector, name, local) : local,
  });
  const sees = engine === 'user' ? context.engineView : undefined;
  const view = sees === undefined ? undefined : sourcesOf(asked.mounts, sees);
  const container = view === undefined ? asked : { ...asked, mounts: view.mounts };
  const resources = resourcesOf(declared, container, instance);
  const problem = problemOf(declared, context, [
    ...files.flatMap((file) => file.problem ?? []),
    ...(view?.problems ?? []),
  ]);
  const service: DesiredService = {
    name,
    kind,
    engine,
    origin,
    key,
    spec,
    container,
    containerName: spec.container_name ?? containerName(instance, name),
    digest: digestOf({
      // A task that ended well must not do its work again because its log goes elsewhere now.
      container: isCollected && kind === 'one-shot' ? { ...container, logging: local } : container,
      networks: Object.fromEntries(resources.networks.map((network) => [network.name, network.digest])),
    }),
    files: files.flatMap(({ file }) => file ?? []),
    hostSources: view?.sources ?? [],
    conditions: declaredConditions(spec),
    networks: resources.networks.map((network) => network.name),
    volumes: resources.volumes.map((volume) => volume.name),
    ...behaviourOf(spec, kind, container),
    ...(problem === undefined ? {} : { problem }),
  };
  return { service, isCollected, ...resources };
}

function kindOf(spec: ServiceSpec, isCompletionTarget: boolean): ServiceKind {
  if (spec['x-berth']?.schedule !== undefined) return 'scheduled';
  // Somebody waits for it to end well: it is a task, and must not be started again when it has.
  return spec['x-berth']?.one_shot === true || isCompletionTarget ? 'one-shot' : 'service';
}

function filesOf({ spec, model }: Declared, { filesDirectory, environment }: ServiceContext): ResolvedFile[] {
  return [
    ...(spec.secrets ?? []).map((use) =>
      resolveFile(use, model.secrets[use.source], 'secret', filesDirectory, environment),
    ),
    ...(spec.configs ?? []).map((use) =>
      resolveFile(use, model.configs[use.source], 'config', filesDirectory, environment),
    ),
  ];
}

function problemOf({ name, spec, origin }: Declared, context: DesiredContext, found: string[]): string | undefined {
  const problems = [...found];
  if (engineOf(spec) === 'system' && spec.networks !== undefined)
    problems.unshift('asks for networks, but the system engine has none: use network_mode host or none');
  if (spec.image === undefined) problems.unshift('has no image: give it one, or the name of a catalogue service');
  if (name === userEngineService && origin === 'catalogue' && context.ownUserEngineProblem !== undefined)
    problems.unshift(context.ownUserEngineProblem);
  return problems.length === 0 ? undefined : problems.join('; ');
}

type Behaviour = Pick<
  DesiredService,
  | 'pull'
  | 'graceSeconds'
  | 'proofMs'
  | 'settleMs'
  | 'hasHealthcheck'
  | 'restartBy'
  | 'update'
  | 'disposable'
  | 'critical'
  | 'essential'
  | 'schedule'
>;

/** How Berth treats the service while it lives. */
function behaviourOf(spec: ServiceSpec, kind: ServiceKind, container: ContainerConfig): Behaviour {
  const { 'x-berth': berth, healthcheck, pull_policy: pull } = spec;
  return {
    pull: pull === 'never' ? 'never' : 'missing',
    graceSeconds: graceSecondsOf(spec),
    proofMs: proofMsOf(spec),
    settleMs: berth?.settle === undefined ? 5000 : Math.round(berth.settle / 1e6),
    hasHealthcheck: healthcheck?.test !== undefined && container.healthcheck?.test[0] !== 'NONE',
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
  };
}

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
