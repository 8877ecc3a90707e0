import { describe, expect, test } from '@jest/globals';
import type { ServiceSpec } from '../../../src/config/service-spec.ts';
import { type AbsentMount, mountsMissedBy } from '../../../src/services/absent-mounts.ts';
import { serviceStatuses } from '../../../src/services/status-of.ts';
import { configOf, SimulatedHost } from '../../support/simulate.ts';

const away: AbsentMount = { target: '/srv/share', why: 'the server does not answer', isComing: false };
const on = (source: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  image: 'busybox',
  network_mode: 'host',
  volumes: [{ type: 'bind', source, target: '/data' }],
  ...more,
});

async function statusOf(host: SimulatedHost): Promise<[string, string]> {
  const { steps } = await host.plan();
  const { observed } = await host.look();
  const { desired, memory, now, absentMounts } = host;
  const [status] = serviceStatuses({ desired, observed, memory, steps, inFlight: new Map(), now, absentMounts });
  return [status?.state ?? '', status?.detail ?? ''];
}

describe('which services miss a mount', () => {
  test.each([
    { source: '/srv/share', isMissed: true },
    { source: '/srv/share/web', isMissed: true },
    { source: '/srv/shared', isMissed: false },
    // Such a container would see it come, or does without.
    { source: '/srv', isMissed: false },
    { source: '/', isMissed: false },
  ])('a bind mount of $source: $isMissed', ({ source, isMissed }) => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: on(source) }));
    const web = host.desired.services.get('web');
    expect(web && mountsMissedBy(web, host.desired, [away]).length > 0).toBe(isMissed);
  });

  test.each([
    { options: { type: 'none', o: 'bind', device: '/srv/share/web' }, isMissed: true },
    { options: { type: 'none', o: 'ro,rbind', device: '/srv/share' }, isMissed: true },
    { options: { type: 'nfs', o: 'addr=192.0.2.1', device: '/srv/share' }, isMissed: false },
    { options: {}, isMissed: false },
  ])('a volume with driver options $options: $isMissed', ({ options, isMissed }) => {
    const host = new SimulatedHost();
    const web = on('', { volumes: [{ type: 'volume', source: 'shop', target: '/data' }] });
    host.declare(configOf({ web }, { volumes: { shop: { driver: 'local', driver_opts: options } } }));
    const desired = host.desired.services.get('web');
    expect(desired && mountsMissedBy(desired, host.desired, [away]).length > 0).toBe(isMissed);
  });

  test("Berth's own services wait for none: they are how a person gets in", () => {
    const host = new SimulatedHost();
    host.declare(configOf({ web: on('/srv/share') }));
    const web = host.desired.services.get('web');
    expect(web && mountsMissedBy({ ...web, origin: 'catalogue' }, host.desired, [away])).toEqual([]);
  });
});

test('such a service is started once the mount is there; until then it needs a look, and says why', async () => {
  const host = new SimulatedHost();
  host.absentMounts = [away];
  host.declare(configOf({ web: on('/srv/share') }));
  expect(await host.converge()).toEqual([]);
  expect((await host.plan()).steps.map(({ waitsFor }) => waitsFor)).toEqual([['/srv/share to be mounted']]);
  expect(await statusOf(host)).toEqual(['failed', 'waits for /srv/share to be mounted: the server does not answer']);
  host.absentMounts = [];
  expect((await host.converge()).map(({ id }) => id)).toEqual(['start-service:web']);
  expect(await statusOf(host)).toEqual(['running', '']);
});

test('while the mount just has not had its turn, the service is on its way', async () => {
  const host = new SimulatedHost();
  host.absentMounts = [{ ...away, isComing: true }];
  host.declare(configOf({ web: on('/srv/share') }));
  await host.converge();
  expect(await statusOf(host)).toEqual(['waiting', 'waits for /srv/share to be mounted']);
});

test('one that runs is left alone; what would start it anew waits', async () => {
  const host = new SimulatedHost();
  host.declare(configOf({ web: on('/srv/share') }));
  await host.converge();
  host.absentMounts = [away];
  expect((await host.plan()).steps).toEqual([]);
  host.declare(configOf({ web: on('/srv/share', { environment: { A: 'b' } }) }));
  expect(await host.converge()).toEqual([]);
  expect(host.containers()).toEqual(['berth-web running']);
  host.absentMounts = [];
  expect((await host.converge()).map(({ id }) => id)).toEqual(['replace-service:web']);
});

test('a run that is due waits, too', async () => {
  const host = new SimulatedHost();
  host.now = Date.parse('2026-01-01T01:00:00Z');
  host.absentMounts = [away];
  host.declare(configOf({ backup: on('/srv/share', { 'x-berth': { schedule: '0 * * * *' } }) }));
  host.remember('backup', { lastDue: host.now - 1 });
  expect(await host.converge()).toEqual([]);
  host.absentMounts = [];
  expect((await host.converge()).map(({ id }) => id)).toEqual(['run-job:backup']);
});
