import { beforeAll, describe, expect, test } from '@jest/globals';
import type { SourceFile } from '../../src/config/dialects/dialect.ts';
import { readUserData } from '../../src/config/user-data/read-user-data.ts';
import { askCloudInit, type OraclePart, seeded } from './support/cloud-init-oracle.ts';
import { cloudInitRoot } from './support/cloud-init-package.ts';
import { MergeCases } from './support/merge-cases.ts';

let root: string;
beforeAll(async () => {
  root = await cloudInitRoot();
});

/** What Berth makes of the same parts. */
function mergedHere(files: readonly SourceFile[]): unknown {
  const document = readUserData(files, () => undefined);
  return Object.fromEntries((document?.keys ?? []).map(({ key, value }) => [key, value]));
}

function archive(parts: readonly OraclePart[]): string {
  const entries = parts.map(({ type, content, headers }) => ({ type, content, ...headers }));
  return `#cloud-config-archive\n${JSON.stringify(entries)}`;
}

describe("merging as cloud-init's own code does", () => {
  test('1,000 seeded lists of parts', () => {
    const cases = Array.from({ length: 1000 }, (_, seed) => new MergeCases(seeded(seed + 1)).parts());
    const { answers, version } = askCloudInit(
      root,
      cases.map((parts) => ({ layers: [parts] })),
    );
    expect(answers.filter((one) => one === null).length).toBeLessThan(25);
    const different = cases.flatMap((parts, index) => {
      if (answers[index] === null) return [];
      const here = mergedHere([{ file: 'user-data', text: archive(parts) }]);
      return JSON.stringify(sorted(here)) === JSON.stringify(sorted(answers[index]))
        ? []
        : [{ parts, here, there: answers[index] }];
    });
    expect([different.length, different.slice(0, 2)]).toEqual([0, []]);
    expect(version).toMatch(/^\d+\.\d/);
    // The cases are not all of one kind.
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(900);
  });

  test('500 seeded pairs of vendor-data and user-data', () => {
    const cases = Array.from({ length: 500 }, (_, seed) => {
      const random = seeded(seed + 5001);
      return [new MergeCases(random).parts(), new MergeCases(random).parts()] as const;
    });
    const { answers } = askCloudInit(
      root,
      cases.map((layers) => ({ layers })),
    );
    expect(answers.filter((one) => one === null).length).toBeLessThan(25);
    const different = cases.flatMap(([user, vendor], index) => {
      if (answers[index] === null) return [];
      const here = mergedHere([
        { file: 'vendor-data', text: archive(vendor), layer: 'vendor-data' },
        { file: 'user-data', text: archive(user) },
      ]);
      return JSON.stringify(sorted(here)) === JSON.stringify(sorted(answers[index]))
        ? []
        : [{ user, vendor, here, there: answers[index] }];
    });
    expect([different.length, different.slice(0, 2)]).toEqual([0, []]);
  });
});

/** Keys in order: a mapping has none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
