import { execFile } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { isSoak } from '../support/soak.ts';
import type { FuzzResult } from './fuzz/run.ts';

const count = isSoak ? 1_000_000 : 20_000;
const seed = Number(process.env['BERTH_SEED'] ?? 20_261_129);

/** Megabytes of the heap's generations: what is garbage is not to count. */
const limits = ['--max-old-space-size=128', '--max-semi-space-size=4'];

/** In a process of its own, whose memory is its own, too. */
async function fuzz(): Promise<FuzzResult> {
  const program = join(import.meta.dirname, 'fuzz/run.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [...limits, program, String(count), String(seed)], {
    maxBuffer: 2 ** 24,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as FuzzResult;
}

/** A row of docs/soak-languages.md. */
async function note(result: Omit<FuzzResult, 'slowest'>): Promise<void> {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const cells = [
    ...[new Date().toISOString().slice(0, 10), seed, result.cases, percent(result.recognised / result.cases)],
    ...[Math.round(result.slowestMs), Math.round(result.peakMegabytes), percent(result.branchShare)],
  ];
  await appendFile(join(import.meta.dirname, '../../docs/soak-languages.md'), `| ${cells.join(' | ')} |\n`);
}

test(
  `${count} mutated configs of every language: no exception, none takes long, little memory`,
  async () => {
    const { slowest, ...result } = await fuzz();
    process.stderr.write(`fuzz, seed ${seed}: ${JSON.stringify(result)}\n`);
    expect(result.cases).toBe(count);
    expect(result.recognised / result.cases).toBeGreaterThan(0.3);
    expect({ slowestMs: result.slowestMs < 1000, slowest }).toEqual({ slowestMs: true, slowest });
    expect(result.peakMegabytes).toBeLessThan(300);
    expect(result.branchShare).toBeGreaterThan(0.5);
    if (isSoak) await note(result);
  },
  isSoak ? 4 * 60 * 60_000 : 300_000,
);
