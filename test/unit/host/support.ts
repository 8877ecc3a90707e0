import type { HostConfig } from '../../../src/config/host-config.ts';
import { type HostOutcome, type HostReconcileOptions, HostReconciler } from '../../../src/host/host-reconciler.ts';
import { observeHost } from '../../../src/host/observe.ts';
import { planHost } from '../../../src/host/plan.ts';
import type { HostPlanOptions } from '../../../src/host/resource.ts';
import type { HostPlan } from '../../../src/host/step.ts';
import type { FakeHost } from '../../fakes/fake-host.ts';
import { parse } from '../config/support.ts';

/** The image's own /etc, as far as Berth changes it. */
export const imageEtc = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n',
  '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 berth\n::1 localhost ip6-localhost ip6-loopback\n',
  '/etc/hostname': 'berth\n',
  '/etc/ssl/certs/ca-certificates.crt': '-----BEGIN CERTIFICATE-----\nIMAGE\n-----END CERTIFICATE-----\n',
  '/etc/motd': 'the image says hello\n',
} as const;

/** What a text declares; a text with errors is a mistake of the test. */
export function config(text: string): HostConfig {
  const result = parse(text, { passwordSeed: 'seed' });
  const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return result.config;
}

export async function planOf(host: FakeHost, declared: HostConfig, options: HostPlanOptions = {}): Promise<HostPlan> {
  return planHost(declared, await observeHost(declared, host, options.previous), options);
}

/** Brings the host to the config, without any clock. */
export async function reconcile(
  host: FakeHost,
  declared: HostConfig,
  options: Partial<HostReconcileOptions> = {},
): Promise<HostOutcome> {
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const reconciler = new HostReconciler({ ports: host, clock, recorder: { record: () => undefined } });
  return await reconciler.reconcile(declared, { phase: 'all', ...options }, new AbortController().signal);
}

/** `load-module:module/x`, in order. */
export function stepIds({ steps }: HostPlan): string[] {
  return steps.map(({ id }) => id);
}

/** `destroy disk/dev/vdb: /dev/vdb is …` */
export function blockedLines({ blocked }: Pick<HostPlan, 'blocked'>): string[] {
  return blocked.map(({ until, subject, why }) => `${until} ${subject}: ${why}`);
}
