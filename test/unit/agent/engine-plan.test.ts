import { describe, expect, test } from '@jest/globals';
import { engineKeys, planEngine } from '../../../src/agent/engine-plan.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { systemEngineSettings } from '../../../src/engine/engine-settings.ts';

const plain = systemEngineSettings(emptyHostConfig);
const { connectivity, engines } = emptyHostConfig;
const changed = (key: string) => ({ key, change: 'changed' }) as const;

describe('the system engine is restarted', () => {
  test.each([
    {
      key: 'berth.dns.servers',
      config: { connectivity: { ...connectivity, dns: { ...connectivity.dns, servers: ['9.9.9.9'] } } },
    },
    {
      key: 'berth.proxy.http',
      config: { connectivity: { ...connectivity, proxy: { http: 'http://p', noProxy: [] } } },
    },
    { key: 'berth.ca_certificates', config: { connectivity: { ...connectivity, caCertificates: ['PEM'] } } },
    {
      key: 'berth.registries["docker.io"]',
      config: { connectivity: { ...connectivity, registries: { 'docker.io': { mirrors: ['m'], insecure: false } } } },
    },
    {
      key: 'berth.engines.system.daemon',
      config: { engines: { ...engines, system: { ...engines.system, daemon: { debug: true } } } },
    },
  ])('for $key', ({ key, config }) => {
    const declared = systemEngineSettings({ ...emptyHostConfig, ...config });
    const [step, ...others] = planEngine(plain, declared, [changed('berth.services.web.image'), changed(key)]);
    expect(others).toEqual([]);
    expect(step).toMatchObject({
      subject: 'engine/system',
      cost: 'restart-engine',
      reason: { kind: 'config', key, change: 'changed' },
    });
    expect(planEngine(declared, declared, [changed(key)])).toEqual([]);
    expect(planEngine(undefined, declared, [changed(key)])).toEqual([]);
  });

  test('for what it runs with, when nothing changed in the config', () => {
    const declared = { ...plain, daemon: { ...plain.daemon, debug: true } };
    expect(planEngine(plain, declared, [])[0]?.reason.kind).toBe('drift');
    expect(engineKeys([])).toEqual(['berth.engines.system']);
  });

  test('the order of keys is no difference', () => {
    const withDaemon = (daemon: Record<string, unknown>) =>
      systemEngineSettings({ ...emptyHostConfig, engines: { ...engines, system: { ...engines.system, daemon } } });
    expect(planEngine(withDaemon({ a: 1, b: 2 }), withDaemon({ b: 2, a: 1 }), [])).toEqual([]);
  });

  test('keys that only begin alike are not its own', () => {
    expect(engineKeys([changed('berth.dnsmasq'), changed('berth.dns.search')])).toEqual(['berth.dns.search']);
  });
});
