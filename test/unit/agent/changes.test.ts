import { expect, test } from '@jest/globals';
import { explainChange } from '../../../src/agent/changes.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import type { Desired } from '../../../src/services/model.ts';

const changed = (key: string) => ({ key, change: 'changed' }) as const;
const fallback = { kind: 'config', key: 'berth', change: 'changed' } as const;

/** A catalogue service that is made from something the config says elsewhere. */
function consoleOf(users: string): Desired {
  const service = { image: 'berth/console:1', environment: { USERS: users } };
  const { compose } = emptyHostConfig;
  const catalogue = new Map([['console', { ...compose, services: { console: service } }]]);
  return desiredServices(
    { ...emptyHostConfig, enable: ['console'] },
    {
      instance: 'berth',
      filesDirectory: '/files',
      catalogue,
      userEngineIsService: false,
      overlay: { enabled: [], disabled: [] },
      environment: {},
    },
  );
}

test.each([
  {
    name: 'the key that reaches it',
    keys: ['berth.sysctl["vm.swappiness"]', 'hostname', 'users.ops'],
    key: 'users.ops',
  },
  {
    name: 'its own key before a shared one',
    keys: ['berth.services.console.ports', 'users.ops'],
    key: 'berth.services.console.ports',
  },
  { name: 'another key when none is known to reach it', keys: ['users_else'], key: 'users_else' },
  { name: 'the config as a whole when only others’ keys changed', keys: ['berth.services.web.image'], key: 'berth' },
])('a changed catalogue service is explained by $name', ({ keys, key }) => {
  const { causes } = explainChange(consoleOf('a'), consoleOf('b'), keys.map(changed), fallback);
  expect(causes).toEqual({ console: { kind: 'config', key, change: 'changed' } });
});
