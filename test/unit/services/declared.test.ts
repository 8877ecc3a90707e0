import { describe, expect, test } from '@jest/globals';
import type { HostConfig } from '../../../src/config/host-config.ts';
import type { ComposeModel, ServiceSpec } from '../../../src/config/service-spec.ts';
import type { DesiredContext } from '../../../src/services/desired/context.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { configOf, context } from '../../support/simulate.ts';

const service = (profiles: string[], ...needed: string[]): ServiceSpec => ({
  image: 'i',
  profiles,
  depends_on: Object.fromEntries(
    needed.map((name) => [name, { condition: 'service_started', required: true, restart: false }]),
  ),
});

// The example of the Compose documentation ("Use profiles"), and a service that nobody names.
const example = {
  backend: service([]),
  mock: service(['dev'], 'db'),
  db: service(['dev']),
  admin: service(['debug'], 'db'),
  other: service(['dev']),
};
const catalogue: ReadonlyMap<string, ComposeModel> = new Map([
  ['docker', configOf({ docker: { image: 'berth/docker:1', 'x-berth': { engine: 'system' } } }).compose],
  ['ntp', { ...configOf({}).compose, services: { ntp: { image: 'berth/ntp:1', 'x-berth': { engine: 'system' } } } }],
]);

interface Row {
  readonly name: string;
  readonly config: HostConfig;
  readonly overlay?: Partial<DesiredContext['overlay']>;
  readonly demanded?: true;
  readonly runs: readonly string[];
}

const rows: Row[] = [
  { name: 'a service with profiles does not run by itself', config: configOf(example), runs: ['backend'] },
  {
    name: 'naming one runs it and what it needs of the same profile, not the rest of the profile',
    config: { ...configOf(example), enable: ['mock'] },
    runs: ['backend', 'mock', 'db'],
  },
  {
    name: 'what it needs of another profile has to be named, too',
    config: { ...configOf(example), enable: ['admin'] },
    runs: ['backend', 'admin'],
  },
  {
    name: 'naming one without profiles changes nothing',
    config: { ...configOf(example), enable: ['backend'] },
    runs: ['backend'],
  },
  {
    name: 'an operator names one',
    config: configOf(example),
    overlay: { enabled: ['db'] },
    runs: ['backend', 'db'],
  },
  {
    name: 'an operator switches off what the config names',
    config: { ...configOf(example), enable: ['mock', 'ntp'] },
    overlay: { disabled: ['ntp', 'backend'] },
    runs: ['mock', 'db'],
  },
  { name: 'scale 0 runs none', config: configOf({ web: { image: 'i', scale: 0 } }), runs: [] },
  {
    name: 'deploy.replicas 0 runs none, of the catalogue neither',
    config: { ...configOf({ ntp: { deploy: { replicas: 0 } } }), enable: ['ntp'] },
    runs: [],
  },
  {
    name: 'unless an operator wants it',
    config: configOf({ web: { image: 'i', scale: 0 } }),
    overlay: { enabled: ['web'] },
    runs: ['web'],
  },
  { name: 'the user engine when somebody uses it', config: configOf({}), demanded: true, runs: ['docker'] },
  {
    name: 'but not when an operator does not want it',
    config: configOf({}),
    demanded: true,
    overlay: { disabled: ['docker'] },
    runs: [],
  },
  { name: 'more than one runs one', config: configOf({ web: { image: 'i', scale: 3 } }), runs: ['web'] },
];

describe('which services run', () => {
  test.each(rows)('$name', ({ config, overlay, demanded, runs }) => {
    const { services } = desiredServices(config, {
      ...context,
      catalogue,
      ...(demanded === true ? { userEngineIsService: true, userEngineIsDemanded: true } : {}),
      overlay: { ...context.overlay, ...overlay },
    });
    expect([...services.keys()].sort()).toEqual([...runs].sort());
  });

  test('what needs one that does not run says so', () => {
    const { services } = desiredServices({ ...configOf(example), enable: ['admin'] }, context);
    expect(services.get('admin')?.problem).toBe('depends on "db", which is not declared or not enabled');
  });
});
