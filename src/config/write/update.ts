import type { HealthProbe, UpdateConfig } from '../host-config.ts';
import { emptyHostConfig } from '../host-config.ts';
import { map, type Written, type WrittenMap } from './written.ts';

/** `berth.update`. */
export function writeUpdate(update: UpdateConfig): WrittenMap | undefined {
  const { feed, root, channel, timezone, schedule, strategy, window, permit, rateLimitBytes, proxy, health } = update;
  const { maxDeferralSeconds } = update;
  const usual = emptyHostConfig.update;
  return map({
    feed,
    root,
    channel: channel === usual.channel ? undefined : channel,
    timezone,
    schedule,
    strategy: strategy === usual.strategy ? undefined : strategy,
    window: window === undefined ? undefined : { ...window },
    permit: permit === undefined ? undefined : { file: permit.path },
    max_deferral: maxDeferralSeconds === undefined ? undefined : `${maxDeferralSeconds}s`,
    rate_limit: rateLimitBytes,
    proxy,
    health:
      health === undefined
        ? undefined
        : {
            deadline: health.deadlineSeconds === undefined ? undefined : `${health.deadlineSeconds}s`,
            checks: health.checks.map(({ name, level, probe }) => ({ name, level, ...writeProbe(probe) })),
          },
  });
}

function writeProbe(probe: HealthProbe): { readonly [key: string]: Written } {
  switch (probe.kind) {
    case 'http':
      return { http: probe.url };
    case 'tcp':
      return { tcp: `${probe.host.includes(':') ? `[${probe.host}]` : probe.host}:${probe.port}` };
    case 'command':
      return { command: probe.command };
  }
}
