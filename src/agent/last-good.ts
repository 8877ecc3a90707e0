import type { HostConfig } from '../config/host-config.ts';
import type { Diagnostic } from '../core/diagnostic.ts';

/**
 * A config with errors, completed with what the one before said about the broken keys: a slip of the pen in a service
 * must not remove the service that runs. Pure. @returns the config and the keys that were kept.
 */
export function keepLastGood(
  config: HostConfig,
  diagnostics: readonly Diagnostic[],
  before: HostConfig | undefined,
): { config: HostConfig; kept: string[] } {
  const broken = diagnostics.filter(({ severity }) => severity === 'error').map(({ path }) => path);
  if (before === undefined || broken.length === 0) return { config, kept: [] };
  const isBroken = (key: string): boolean => broken.some((path) => covers(path, key) || covers(key, path));
  const kept: string[] = [];
  const keep = <T>(
    section: string,
    now: Readonly<Record<string, T>>,
    then: Readonly<Record<string, T>>,
  ): Record<string, T> => {
    const result: Record<string, T> = { ...now };
    for (const [name, value] of Object.entries(then)) {
      const key = `berth.${section}.${name}`;
      if (name in now || !isBroken(key)) continue;
      result[name] = value;
      kept.push(key);
    }
    return result;
  };
  const isEnableBroken = broken.some((path) => covers(path, 'berth.enable'));
  const enable = isEnableBroken ? [...new Set([...config.enable, ...before.enable])] : config.enable;
  if (isEnableBroken) kept.push('berth.enable');
  const compose = {
    services: keep('services', config.compose.services, before.compose.services),
    networks: keep('networks', config.compose.networks, before.compose.networks),
    volumes: keep('volumes', config.compose.volumes, before.compose.volumes),
    secrets: keep('secrets', config.compose.secrets, before.compose.secrets),
    configs: keep('configs', config.compose.configs, before.compose.configs),
  };
  return { config: { ...config, enable, compose }, kept };
}

/** `berth.services` covers `berth.services.web`. */
function covers(prefix: string, key: string): boolean {
  return key === prefix || (key.startsWith(prefix) && /^[.[]/.test(key.slice(prefix.length)));
}
