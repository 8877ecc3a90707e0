import { expect, test } from '@jest/globals';
import type { DesiredService } from '../../../src/services/model.ts';
import { serviceStatuses } from '../../../src/services/status-of.ts';

const service = {
  ...{ name: 'shop', kind: 'service', engine: 'user', origin: 'config', key: 'berth.services.shop', digest: 'd' },
  ...{ container: { image: 'shop:1' }, conditions: [], spec: {} },
} as unknown as DesiredService;

test('a service that a rollback keeps from running needs a look, and says why', () => {
  const why = '1.1 ran with its volume user/db, which goes forward only, and this is 1.0';
  const [status] = serviceStatuses({
    desired: { services: new Map([['shop', service]]), networks: [], volumes: [] },
    observed: { engines: { user: { containers: [], networks: new Map(), volumes: new Set(), images: new Map() } } },
    memory: { shop: { wish: { kind: 'stopped', reason: { kind: 'rollback', service: 'shop', detail: why } } } },
    steps: [],
    inFlight: new Map(),
    now: 0,
  });
  expect(status).toMatchObject({ state: 'failed', detail: `${why}; an operator may start it all the same` });
});
