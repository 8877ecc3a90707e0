import { expect, test } from '@jest/globals';
import type { HostConfig } from '../../../src/config/host-config.ts';
import type { DesiredContext } from '../../../src/services/desired/context.ts';
import { Resolutions } from '../../../src/services/desired/resolutions.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { configOf, context } from '../../support/simulate.ts';

const services = { web: { image: 'a', networks: { front: {} } }, db: { image: 'b' } };
const config = configOf(services);
const dns = { servers: ['192.0.2.1'], search: [], options: [] };

test.each<[string, HostConfig, Partial<DesiredContext>, string[]]>([
  ['nothing', configOf({ ...services }), {}, []],
  ['one service', configOf({ ...services, db: { image: 'c' } }), {}, ['db']],
  ['who waits for its end', configOf({ ...services, late: waiting('db') }), {}, ['db', 'late']],
  ['a network', configOf(services, { networks: { front: { driver: 'macvlan' } } }), {}, ['web', 'db']],
  ['the name servers', { ...config, connectivity: { ...config.connectivity, dns } }, {}, ['web', 'db']],
  ['an environment variable', config, { environment: { A: 'b' } }, ['web', 'db']],
  ['the instance', config, { instance: 'other' }, ['web', 'db']],
])('changed is %s', (_what, changed, more, resolvedAgain) => {
  const last = new Resolutions();
  const before = desiredServices(config, context, last);
  const after = desiredServices(changed, { ...context, ...more }, last);
  // What is remembered must not be told from what is worked out.
  expect(after).toEqual(desiredServices(changed, { ...context, ...more }));
  const isKept = (name: string): boolean =>
    before.services.get(name)?.container === after.services.get(name)?.container;
  expect([...after.services.keys()].filter((name) => !isKept(name))).toEqual(resolvedAgain);
});

function waiting(target: string) {
  const condition = { condition: 'service_completed_successfully', required: true } as const;
  return { image: 'x', depends_on: { [target]: condition } };
}
