import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Killed, UpdateKills } from '../support/kills/update-kills.ts';

/** `BERTH_SOAK_SEED` repeats a run. */
const seed = Number(process.env['BERTH_SOAK_SEED'] ?? Date.now() % 100_000);
const count = Number(process.env['BERTH_SOAK_COUNT'] ?? 100);
const bytes = 300 * 2 ** 20;
const limitMs = 600_000;
const table = join(import.meta.dirname, '../../docs/soak-update.md');
const head = `# Soak runs of updates

Written by \`npm run test:soak\`: an update of 300 MiB is killed (SIGKILL) at random moments, and before random operations of the EFI
partition, and run again. Every row must end in a zero. \`BERTH_SOAK_SEED\` repeats a run.

| date | seed | kills | of them, with a part done | booted the new release at once | wrong |
|---|---|---|---|---|---|
`;

describe(`an update of ${bytes} bytes killed ${count} times, seed ${seed}`, () => {
  const outcomes: Killed[] = [];
  let kills: UpdateKills;

  beforeAll(async () => {
    kills = await UpdateKills.make(bytes, seed);
  }, limitMs);

  afterAll(async () => {
    await kills.remove();
    const numbers = [
      outcomes.length,
      outcomes.filter(({ after }) => after !== '').length,
      outcomes.filter(({ boots }) => boots === '2.0.0').length,
      outcomes.filter(({ wrong }) => wrong.length > 0).length,
    ];
    await readFile(table).catch(() => writeFile(table, head));
    await appendFile(table, `| ${new Date().toISOString().slice(0, 10)} | ${seed} | ${numbers.join(' | ')} |\n`);
  });

  test.each(Array.from({ length: count }, (_, index) => index))(
    'kill %i leaves one whole release to boot, and the update is completed',
    async (index) => {
      const outcome = await kills.kill(index);
      outcomes.push(outcome);
      expect(outcome).toMatchObject({ wrong: [] });
    },
    limitMs,
  );
});
