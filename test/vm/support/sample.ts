import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../support/random.ts';
import { isSoak } from '../../support/soak.ts';
import { projectDirectory } from './test-image.ts';

/** What the samples of this run come from: another one each day. `BERTH_SOAK_SEED` repeats a run. */
export const sampleSeed = Number(
  process.env['BERTH_SOAK_SEED'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''),
);

/** So often in a soak run, else so often; `BERTH_SOAK_REPETITIONS` says another number. */
export function repetitions(soak: number, sample: number): number {
  return Number(process.env['BERTH_SOAK_REPETITIONS'] ?? (isSoak ? soak : sample));
}

/** All cases in a soak run, else so many of them, in their order. A test's title names the case, and so the sample. */
export function sampled<Case>(cases: readonly Case[], count: number): Case[] {
  if (isSoak) return [...cases];
  const random = seededRandom(sampleSeed);
  const drawn = cases.map((_, index) => ({ index, lot: random() })).toSorted((one, other) => one.lot - other.lot);
  const chosen = new Set(drawn.slice(0, count).map(({ index }) => index));
  return cases.filter((_, index) => chosen.has(index));
}

const table = join(projectDirectory, 'docs/soak-vm.md');
const head = `# Soak runs of the image in VMs

Written by \`npm run test:soak\`. \`BERTH_SOAK_SEED\` repeats a run.

| date | seed | what | repetitions | failed |
|---|---|---|---|---|
`;

/** Counts the cases of a row as they run: `-t` may leave some out. */
export class SoakRuns {
  readonly #what: string;
  #begun = 0;
  #succeeded = 0;

  constructor(what: string) {
    this.#what = what;
  }

  begin(): void {
    this.#begun += 1;
  }

  succeed(): void {
    this.#succeeded += 1;
  }

  /** Adds the row, unless nothing ran. */
  async note(): Promise<void> {
    if (this.#begun > 0) await noteSoak(this.#what, this.#begun, this.#begun - this.#succeeded);
  }
}

/** Adds a row to docs/soak-vm.md in a soak run. */
export async function noteSoak(what: string, repetitions: number, failed: number): Promise<void> {
  if (!isSoak) return;
  await readFile(table).catch(() => writeFile(table, head));
  const date = new Date().toISOString().slice(0, 10);
  await appendFile(table, `| ${date} | ${sampleSeed} | ${what} | ${repetitions} | ${failed} |\n`);
}

/** A case that has a row of its own. */
export function noted(what: string, run: () => Promise<void>): () => Promise<void> {
  return async () => {
    const runs = new SoakRuns(what);
    runs.begin();
    try {
      await run();
      runs.succeed();
    } finally {
      await runs.note();
    }
  };
}
