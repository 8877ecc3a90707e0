import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeCompose } from '../../../../src/config/compose/merge.ts';

type Tree = Record<string, unknown>;

function mergeService(base: Tree, override: Tree): unknown {
  const merged = mergeCompose({ services: { web: base } }, { services: { web: override } });
  return (merged['services'] as Tree)['web'];
}

describe('mergeCompose', () => {
  test.each<[string, Tree, Tree, Tree]>([
    ['a plain value is replaced', { image: 'a', user: 'u' }, { image: 'b' }, { image: 'b', user: 'u' }],
    [
      'lists come one behind the other',
      { ports: ['1'], cap_add: ['A'] },
      { ports: ['2'] },
      { ports: ['1', '2'], cap_add: ['A'] },
    ],
    [
      'an empty override changes nothing',
      { ports: ['1'], deploy: { replicas: 1 } },
      { ports: null, deploy: null },
      { ports: ['1'], deploy: { replicas: 1 } },
    ],
    [
      'commands are replaced',
      { command: ['a'], entrypoint: 'x' },
      { command: 'b', entrypoint: null },
      { command: 'b', entrypoint: null },
    ],
    [
      'a healthcheck is merged, its test replaced',
      { healthcheck: { test: ['CMD', 'a'], interval: '1s' } },
      { healthcheck: { test: 'b', retries: 2 } },
      { healthcheck: { test: 'b', interval: '1s', retries: 2 } },
    ],
    [
      'environment and labels become entries',
      { environment: { B: 1, A: null }, labels: ['x=1'] },
      { environment: ['C=3'], labels: { y: true } },
      { environment: ['A', 'B=1', 'C=3'], labels: ['x=1', 'y=true'] },
    ],
    [
      'one text is an entry',
      { dns: '1.1.1.1', env_file: 'a' },
      { dns: ['2.2.2.2'], env_file: 'b' },
      { dns: ['1.1.1.1', '2.2.2.2'], env_file: ['a', 'b'] },
    ],
    [
      'hosts are not repeated',
      { extra_hosts: { a: ['1', '2'] } },
      { extra_hosts: ['a=2', 'b=3'] },
      { extra_hosts: ['a=1', 'a=2', 'b=3'] },
    ],
    [
      'networks become a mapping',
      { networks: ['a'] },
      { networks: { b: { priority: 1 } } },
      { networks: { a: null, b: { priority: 1 } } },
    ],
    [
      'dependencies become a mapping',
      { depends_on: ['a'] },
      { depends_on: { a: { condition: 'service_healthy' } } },
      { depends_on: { a: { condition: 'service_healthy', required: true } } },
    ],
    [
      'a build directory is its context',
      { build: 'a' },
      { build: { args: { X: 1 } } },
      { build: { context: 'a', args: { X: 1 } } },
    ],
    [
      'options of one log driver are merged',
      { logging: { driver: 'a', options: { x: '1' } } },
      { logging: { options: { y: '2' } } },
      { logging: { driver: 'a', options: { x: '1', y: '2' } } },
    ],
    [
      'those of another driver replace it',
      { logging: { driver: 'a', options: { x: '1' } } },
      { logging: { driver: 'b' } },
      { logging: { driver: 'b' } },
    ],
  ])('%s', (_rule, base, override, expected) => expect(mergeService(base, override)).toEqual(expected));

  test('address pools: the same subnet is merged, others come in, those of the base alone go', () => {
    const pools = (config: Tree[]): Tree => ({ networks: { n: { ipam: { config } } } });
    const merged = mergeCompose(
      pools([{ subnet: 'a', gateway: '1' }, { subnet: 'b' }]),
      pools([{ subnet: 'a', ip_range: '2' }, { subnet: 'c' }]),
    );
    expect(merged).toEqual(pools([{ subnet: 'a', gateway: '1', ip_range: '2' }, { subnet: 'c' }]));
  });

  test('what the override clears goes before it comes', () => {
    const base = { services: { web: { ports: ['1'], image: 'a', environment: { A: '1', B: '2' } } } };
    const cleared = [
      ['services', 'web', 'ports'],
      ['services', 'web', 'environment', 'A'],
    ];
    expect(mergeCompose(base, { services: { web: { ports: ['2'] } } }, cleared)).toEqual({
      services: { web: { ports: ['2'], image: 'a', environment: { B: '2' } } },
    });
  });

  test.each([
    [{ deploy: { replicas: 1 } }, { deploy: 'x' }],
    [{ ports: ['1'] }, { ports: '2' }],
  ])('%j cannot be overridden by %j', (base, override) =>
    expect(() => mergeService(base, override)).toThrow(/cannot override services\.web\./));

  test('neither tree is changed, and merging with nothing changes nothing', () => {
    const service = fc.record(
      { image: fc.string(), ports: fc.array(fc.string()), labels: fc.dictionary(fc.string(), fc.string()) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(service, service, (base, override) => {
        const before = JSON.stringify([base, override]);
        mergeService(base, override);
        expect(JSON.stringify([base, override])).toBe(before);
        expect(mergeService(base, {})).toEqual(base);
        expect(mergeService({}, override)).toEqual(override);
      }),
      { numRuns: 50 },
    );
  });
});
