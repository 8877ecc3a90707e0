import { describe, expect, test } from '@jest/globals';
import type { ComposeModel, ServiceSpec } from '../../../src/config/service-spec.ts';
import { availableServices } from '../../../src/services/available.ts';
import { desiredServices } from '../../../src/services/desired.ts';
import { configOf, context } from '../../support/simulate.ts';

const onSystem = (image: string): ServiceSpec => ({ image, 'x-berth': { engine: 'system', critical: true } });
const catalogue: ReadonlyMap<string, ComposeModel> = new Map(
  ['ntp', 'console'].map((name) => [
    name,
    { ...configOf({}).compose, services: { [name]: onSystem(`berth/${name}:1`) } },
  ]),
);
const descriptions = new Map([
  ['ntp', 'Keeps the clock right.'],
  ['console', 'A shell over SSH.'],
]);

function listed(
  services: Record<string, ServiceSpec>,
  { enable = [], disabled = [] }: { enable?: string[]; disabled?: string[] } = {},
) {
  const config = { ...configOf(services), enable };
  const host = { ...context, catalogue, overlay: { enabled: [], disabled } };
  return availableServices(config, host, descriptions, desiredServices(config, host));
}

describe('what could be enabled', () => {
  test('what does not run of the catalogue, with what it is for', () => {
    expect(listed({ web: { image: 'i' } }, { enable: ['ntp'] })).toEqual([
      {
        name: 'console',
        engine: 'system',
        origin: 'catalogue',
        state: 'available',
        detail: 'A shell over SSH.',
        image: 'berth/console:1',
        ports: [],
        restarts: 0,
        critical: true,
        essential: false,
      },
    ]);
  });

  test('the config’s own, with why they do not run, as an entry adjusts them', () => {
    const own = {
      web: { image: 'i' },
      probe: { image: 'p', profiles: ['dev', 'test'] },
      spare: { image: 's', scale: 0 },
      ntp: { image: 'other/ntp' },
    };
    const rows = listed(own, { enable: ['console'], disabled: ['web', 'console'] });
    expect(rows.map(({ name, origin, image, detail }) => [name, origin, image, detail])).toEqual([
      ['console', 'catalogue', 'berth/console:1', 'disabled by an operator; A shell over SSH.'],
      ['ntp', 'catalogue', 'other/ntp', 'Keeps the clock right.'],
      ['probe', 'config', 'p', 'has profiles: dev, test'],
      ['spare', 'config', 's', 'scaled to 0'],
      ['web', 'config', 'i', 'disabled by an operator'],
    ]);
  });
});
