import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type KilledConverge, killedConverge } from '../engine/support/killed-converge.ts';
import { sharedEngine } from '../engine/support/shared-engines.ts';
import { testImage } from '../engine/support/test-image.ts';
import { seededRandom } from '../support/random.ts';

/** `BERTH_SOAK_SEED` repeats a run. */
const seed = Number(process.env['BERTH_SOAK_SEED'] ?? Date.now() % 100_000);
const count = Number(process.env['BERTH_SOAK_COUNT'] ?? 50);
const table = join(import.meta.dirname, '../../docs/soak.md');
const head = `# Soak runs

Written by \`npm run test:soak\`: the agent is killed (SIGKILL) at random moments of a converge that replaces half of eight
services, and started again. Every row must end in zeros. \`BERTH_SOAK_SEED\` repeats a run.

| date | seed | kills | in the middle of a replacement | wrong end states | healthy services restarted | tasks run twice or never |
|---|---|---|---|---|---|---|
`;

describe(`the agent killed ${count} times in a converge, seed ${seed}`, () => {
  const { engine, socket } = sharedEngine('26.1');
  const random = seededRandom(seed);
  const outcomes: KilledConverge[] = [];

  afterAll(async () => {
    const isInMiddle = ({ atKill }: KilledConverge): boolean =>
      atKill.some((text) => /\.(next|previous) |created$/.test(text));
    const numbers = [
      outcomes.length,
      outcomes.filter(isInMiddle).length,
      outcomes.filter(({ wrong }) => wrong.length > 0).length,
      outcomes.flatMap(({ restarted }) => restarted).length,
      outcomes.filter(({ taskRuns }) => taskRuns !== 2).length,
    ];
    await readFile(table).catch(() => writeFile(table, head));
    await appendFile(table, `| ${new Date().toISOString().slice(0, 10)} | ${seed} | ${numbers.join(' | ')} |\n`);
  });

  test.each(
    Array.from({ length: count }, (_, index) => [index + 1, Math.round(random() * 2000)] as const),
  )('kill %i, after %i ms: as if nothing had happened', async (index, delayMs) => {
    const outcome = await killedConverge(engine, socket, await testImage(engine), `soak${index}`, delayMs);
    outcomes.push(outcome);
    expect(outcome).toMatchObject({ wrong: [], restarted: [], taskRuns: 2 });
  });
});
