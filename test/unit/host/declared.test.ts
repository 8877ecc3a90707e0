import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { skippedOnLocalHost } from '../../../src/host/plan.ts';

test('a guest tells that it takes no release back, for the volumes that say what becomes of them then', () => {
  const text = `#cloud-config
berth:
  volumes: {a: {}, b: {x-berth: {rollback: keep}}, c: {x-berth: {rollback: snapshot}}, d: {x-berth: {rollback: forward-only}}}
`;
  const { config } = parseConfig([{ file: 'a.yaml', text }], { environment: {}, catalogue: [] });
  expect(skippedOnLocalHost(config).map(({ subject, key }) => [subject, key])).toEqual([
    ['volume/c', 'berth.volumes.c'],
    ['volume/d', 'berth.volumes.d'],
  ]);
});
