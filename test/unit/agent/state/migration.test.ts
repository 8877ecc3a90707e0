import { describe, expect, test } from '@jest/globals';
import { type Migration, migrateFiles, oldestReadable, pathBetween } from '../../../../src/agent/state/migration.ts';
import { migrations } from '../../../../src/agent/state/migrations.ts';
import { stateSchema } from '../../../../src/update/state-schema.ts';

const step = (from: number, to: number): Migration => ({ from, to, migrate: async () => Promise.resolve() });
const chain = [step(1, 2), step(2, 3), step(3, 4)];

describe('the way from one schema to another', () => {
  test.each<[string, number, number, readonly Migration[], readonly string[] | undefined]>([
    ['is nothing where they are the same', 2, 2, [], []],
    ['goes from each to the next', 1, 4, chain, ['1-2', '2-3', '3-4']],
    ['takes a longer stride where there is one', 1, 4, [...chain, step(1, 3)], ['1-3', '3-4']],
    ['goes round a stride that leads nowhere', 1, 4, [step(1, 3), step(1, 2), step(2, 4)], ['1-2', '2-4']],
    ['does not go beyond', 1, 2, [step(1, 3)], undefined],
    ['does not go back', 2, 1, chain, undefined],
    ['is not there when a row is missing', 1, 4, [step(1, 2), step(3, 4)], undefined],
  ])('%s', (_rule, from, to, table, way) => {
    expect(pathBetween(from, to, table)?.map((one) => `${one.from}-${one.to}`)).toEqual(way);
  });

  test.each<[number, number, readonly Migration[]]>([
    [1, 1, []],
    [1, 4, chain],
    [3, 4, [step(1, 2), step(3, 4)]],
    [5, 5, chain],
  ])('begins at %i for a release of schema %i', (oldest, schema, table) => {
    expect(oldestReadable(schema, table)).toBe(oldest);
  });
});

test('every schema that was ever in use leads to the present one', () => {
  expect(oldestReadable(stateSchema, migrations)).toBe(1);
  for (const { from, to } of migrations) expect([from < to, to <= stateSchema]).toEqual([true, true]);
});

test('a migration of texts changes those that are meant, and no others', async () => {
  const files = new Map([
    ['generations/000001.json', 'one'],
    ['memory.json', 'two'],
  ]);
  const data = {
    list: async () => Promise.resolve([...files.keys()]),
    read: async (name: string) => Promise.resolve(files.get(name)),
    write: async (name: string, text: string) => Promise.resolve(void files.set(name, text)),
    remove: async (name: string) => Promise.resolve(void files.delete(name)),
  };
  await migrateFiles([{ files: /^generations\//, change: (text) => text.toUpperCase() }])(data);
  expect(Object.fromEntries(files)).toEqual({ 'generations/000001.json': 'ONE', 'memory.json': 'two' });
});
