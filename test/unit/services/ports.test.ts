import { expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

const port = { published: '8008', target: 80 };
const open: ServiceSpec = { image: 'busybox', ports: [port] };
const closed: ServiceSpec = { image: 'busybox', network_mode: 'host' };
const after = (...names: string[]): Pick<ServiceSpec, 'depends_on'> => ({
  depends_on: Object.fromEntries(
    names.map((name) => [name, { condition: 'service_started' as const, required: true, restart: false }]),
  ),
});

/** The steps from a host with an `app`, which has the port unless another one is given, to these services, and what failed on the way. */
async function stepsTo(
  services: Record<string, ServiceSpec>,
  app = open,
): Promise<[string[], readonly string[], SimulatedHost]> {
  const host = new SimulatedHost();
  host.declare(configOf({ app }));
  await host.converge();
  host.declare(configOf(services));
  const steps = await host.converge();
  return [steps.map(({ id }) => id), host.failed, host];
}

test.each<{ what: string; services: Record<string, ServiceSpec>; steps: string[] }>([
  {
    what: 'that which has it waits for',
    services: { app: { ...closed, ...after('proxy') }, proxy: open },
    steps: ['stop-service:app', 'start-service:proxy', 'replace-service:app'],
  },
  {
    what: 'that which has it waits for at second hand',
    services: { app: { ...closed, ...after('cache') }, cache: { ...closed, ...after('proxy') }, proxy: open },
    steps: ['stop-service:app', 'start-service:proxy', 'start-service:cache', 'replace-service:app'],
  },
  {
    what: 'that waits for the one that has it',
    services: { app: closed, proxy: { ...open, ...after('app') } },
    steps: ['replace-service:app', 'start-service:proxy'],
  },
])('a port goes to a service $what', async ({ services, steps }) => {
  const [done, failed, host] = await stepsTo(services);
  expect(done).toEqual(steps);
  expect(failed).toEqual([]);
  expect(host.containers().filter((one) => one.endsWith('running'))).toHaveLength(Object.keys(services).length);
});

test('the plan says why a service is stopped', async () => {
  const host = new SimulatedHost();
  host.declare(configOf({ app: open }));
  await host.converge();
  host.declare(configOf({ app: { ...closed, ...after('proxy') }, proxy: open }));
  const [stop] = (await host.plan()).steps;
  expect(stop?.summary).toBe('stop app, which has a port of proxy and waits for it');
  expect(stop?.reason).toEqual({ kind: 'dependency', service: 'proxy' });
});

test('who has the port goes on serving while something else keeps the other from starting', async () => {
  const host = new SimulatedHost();
  host.declare(configOf({ app: open }));
  await host.converge();
  host.absentMounts = [{ target: '/mnt', why: 'not there', isComing: false }];
  const proxy: ServiceSpec = { ...open, volumes: [{ type: 'bind', source: '/mnt/data', target: '/data' }] };
  host.declare(configOf({ app: { ...closed, ...after('proxy') }, proxy }));
  await host.converge();
  expect(host.containers()).toEqual(['berth-app running']);
});

test('two that are declared with one port: the one that has it keeps it', async () => {
  const [, failed, host] = await stepsTo({ app: { ...open, ...after('proxy'), environment: { A: 'b' } }, proxy: open });
  expect(failed[0]).toContain('port is already allocated');
  expect(host.containers()).toContain('berth-app running');
});

test('ports that no host port is given for are nobody else’s', async () => {
  const [steps] = await stepsTo(
    { app: { ...closed, ...after('proxy') }, proxy: { ...open, ports: [port, { target: 81 }] } },
    { image: 'busybox', ports: [{ target: 90 }] },
  );
  expect(steps).toEqual(['start-service:proxy', 'replace-service:app']);
});

const moves = ['stop-service:app', 'start-service:proxy', 'replace-service:app'];
const stays = ['start-service:proxy', 'replace-service:app'];

test.each<{ has: string; wants: string; steps: string[] }>([
  { has: '8008', wants: '8008', steps: moves },
  { has: '8008', wants: '8009', steps: stays },
  { has: '53/udp', wants: '53/tcp', steps: stays },
  { has: '53/udp', wants: '53/udp', steps: moves },
  { has: '127.0.0.1 53', wants: '10.0.0.1 53', steps: stays },
  { has: '127.0.0.1 53', wants: '127.0.0.1 53', steps: moves },
  { has: '127.0.0.1 53', wants: '53', steps: moves },
  { has: '0.0.0.0 53', wants: '10.0.0.1 53', steps: moves },
  { has: '0.0.0.0 53', wants: ':: 53', steps: moves },
  { has: ':: 53', wants: '10.0.0.1 53', steps: moves },
  { has: '127.0.0.1 53', wants: '::1 53', steps: stays },
])('one has $has, another wants $wants', async ({ has, wants, steps }) => {
  const publishing = (text: string): ServiceSpec => {
    const [, host_ip, published = '', protocol = 'tcp'] = /^(?:(\S+) )?(\d+)(?:\/(udp|tcp))?$/.exec(text) ?? [];
    return {
      image: 'busybox',
      ports: [{ ...(host_ip === undefined ? {} : { host_ip }), published, target: 53, protocol }],
    };
  };
  const [done] = await stepsTo({ app: { ...closed, ...after('proxy') }, proxy: publishing(wants) }, publishing(has));
  expect(done).toEqual(steps);
});
