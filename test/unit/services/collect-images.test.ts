import { expect, test } from '@jest/globals';
import type { ImageSummary } from '../../../src/engine/container-engine.ts';
import { collectImages } from '../../../src/services/plan/collect-images.ts';

const image = (id: string, sizeBytes: number, createdAt = 0): ImageSummary => ({
  id,
  references: [`${id}:1`],
  digests: [],
  sizeBytes,
  createdAt,
});
const images = [image('a', 40, 1), image('b', 40, 2), image('c', 40, 3)];
const none = new Map<string, number>();

test.each([
  { name: 'nothing goes within the budget', needed: [], lastUsed: none, budgetBytes: 120, removed: [] },
  { name: 'the oldest goes first', needed: [], lastUsed: none, budgetBytes: 80, removed: ['a'] },
  {
    name: 'what was used longest ago goes before what was used since',
    needed: [],
    lastUsed: new Map([
      ['a', 9],
      ['b', 2],
    ]),
    budgetBytes: 40,
    removed: ['c', 'b'],
  },
  {
    name: 'what is needed stays, whatever the budget',
    needed: ['a', 'b', 'c'],
    lastUsed: none,
    budgetBytes: 0,
    removed: [],
  },
  { name: 'only as much as needed goes', needed: ['a'], lastUsed: none, budgetBytes: 90, removed: ['b'] },
])('$name', ({ needed, lastUsed, budgetBytes, removed }) => {
  const { remove, leftBytes } = collectImages({ images, needed: new Set(needed), lastUsed, budgetBytes });
  expect(remove.map(({ id }) => id)).toEqual(removed);
  expect(leftBytes).toBe(120 - 40 * removed.length);
});
