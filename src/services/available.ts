import type { HostConfig } from '../config/host-config.ts';
import type { ServiceSpec } from '../config/service-spec.ts';
import { adjustService } from './adjust.ts';
import type { DesiredContext } from './desired/context.ts';
import { engineOf, isScaledToNone } from './desired/declared.ts';
import type { Desired } from './model.ts';
import type { ServiceStatus } from './status.ts';

/**
 * What `berth service enable` could start: the catalogue's services and the config's own that do not run, each with why,
 * or what it is for. By name. Pure.
 */
export function availableServices(
  config: HostConfig,
  { catalogue, overlay }: Pick<DesiredContext, 'catalogue' | 'overlay'>,
  descriptions: ReadonlyMap<string, string>,
  desired: Desired,
): ServiceStatus[] {
  const own = config.compose.services;
  const names = new Set([...catalogue.keys(), ...Object.keys(own)]);
  const available: ServiceStatus[] = [];
  for (const name of [...names].sort()) {
    if (desired.services.has(name)) continue;
    const base = catalogue.get(name)?.services[name];
    const spec = base === undefined ? own[name] : adjustService(base, own[name] ?? {});
    if (spec === undefined) continue;
    const notes = [...reasonsOf(spec, overlay.disabled.includes(name)), descriptions.get(name) ?? ''];
    available.push({
      name,
      engine: engineOf(spec),
      origin: base === undefined ? 'config' : 'catalogue',
      state: 'available',
      detail: notes.filter((note) => note !== '').join('; '),
      image: spec.image ?? '',
      ports: [],
      restarts: 0,
      critical: spec['x-berth']?.critical ?? false,
      essential: spec['x-berth']?.essential ?? false,
    });
  }
  return available;
}

function reasonsOf(spec: ServiceSpec, isDisabled: boolean): string[] {
  const { profiles = [] } = spec;
  return [
    ...(isDisabled ? ['disabled by an operator'] : []),
    ...(isScaledToNone(spec) ? ['scaled to 0'] : []),
    ...(profiles.length === 0 ? [] : [`has profiles: ${profiles.join(', ')}`]),
  ];
}
