import type { HostConfig } from '../../config/host-config.ts';
import type { ComposeModel, EngineName, ServiceSpec } from '../../config/service-spec.ts';
import { adjustService } from '../adjust.ts';
import type { DesiredContext } from './context.ts';

/** The catalogue service that is the user engine. */
export const userEngineService = 'docker';

/** A service that is to run, as written: the catalogue's or the config's, or the one adjusted by the other. */
export interface Declared {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly origin: 'catalogue' | 'config';
  readonly key: string;
  readonly model: ComposeModel;
}

/** The services that are to run: the config's own, what is enabled, and the user engine when something needs it. Pure. */
export function declaredServices(config: HostConfig, context: DesiredContext): Declared[] {
  const { catalogue, overlay } = context;
  const declared = new Map<string, Declared>();
  const enabled = new Set([...config.enable, ...overlay.enabled]);
  const active = activeServices(config.compose.services, enabled);
  for (const [name, spec] of Object.entries(config.compose.services)) {
    const key = `berth.services.${name}`;
    const model = catalogue.get(name);
    const base = model?.services[name];
    if (isScaledToNone(spec) && !overlay.enabled.includes(name)) {
      enabled.delete(name);
    } else if (model !== undefined && base !== undefined) {
      if (!enabled.has(name)) continue;
      const adjusted = { spec: adjustService(base, spec), model: mergeModels(model, config.compose) };
      declared.set(name, { name, origin: 'catalogue', key, ...adjusted });
    } else if (active.has(name)) {
      declared.set(name, { name, spec, origin: 'config', key, model: config.compose });
    }
  }
  const addFromCatalogue = (name: string, key: string): void => {
    const model = catalogue.get(name);
    const spec = model?.services[name];
    if (!declared.has(name) && model !== undefined && spec !== undefined)
      declared.set(name, { name, spec, origin: 'catalogue', key, model });
  };
  for (const name of enabled) addFromCatalogue(name, 'berth.enable');
  for (const name of overlay.disabled) declared.delete(name);
  const onUserEngine = [...declared.values()].find(({ spec }) => engineOf(spec) === 'user');
  const isDemanded = context.userEngineIsDemanded === true && !overlay.disabled.includes(userEngineService);
  if (context.userEngineIsService && (onUserEngine !== undefined || isDemanded))
    addFromCatalogue(userEngineService, onUserEngine?.key ?? 'berth.enable');
  return [...declared.values()];
}

/**
 * The config's own services that run: those without profiles, those enabled by name, and what these depend on as far as
 * it shares a profile with one that was named (as `docker compose up NAME` does).
 */
function activeServices(services: ComposeModel['services'], enabled: ReadonlySet<string>): Set<string> {
  const profilesOf = (name: string): readonly string[] => services[name]?.profiles ?? [];
  const profiles = new Set([...enabled].flatMap(profilesOf));
  const active = new Set<string>();
  const add = (name: string): void => {
    if (active.has(name) || services[name] === undefined) return;
    active.add(name);
    for (const target of Object.keys(services[name].depends_on ?? {}))
      if (profilesOf(target).some((profile) => profiles.has(profile))) add(target);
  };
  for (const name of Object.keys(services)) if (profilesOf(name).length === 0 || enabled.has(name)) add(name);
  return active;
}

/** `scale: 0`, or `deploy.replicas: 0`: declared, and not to run. */
export function isScaledToNone({ scale, deploy }: ServiceSpec): boolean {
  return (scale ?? deploy?.replicas) === 0;
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

/** Where a service runs. */
export function engineOf(spec: ServiceSpec): EngineName {
  return spec['x-berth']?.engine ?? 'user';
}
