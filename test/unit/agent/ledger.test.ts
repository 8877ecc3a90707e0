import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Ledger, type LedgerOptions } from '../../../src/agent/ledger.ts';
import type { LedgerEntry } from '../../../src/agent/model.ts';

let directory = '';
let opened: Ledger[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-ledger-'));
  opened = [];
});

afterEach(async () => {
  for (const ledger of opened) await ledger.close();
  await rm(directory, { recursive: true, force: true });
});

describe('what is appended is there again', () => {
  test('numbered from 1, newest first', async () => {
    const ledger = open();
    expect(fill(ledger, 3).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(numbers(await ledger.read({ limit: 2 }))).toEqual([3, 2]);
  });

  test('without closing: a killed process has lost nothing', async () => {
    fill(open(), 3);
    const next = open();
    expect(next.problems).toEqual([]);
    expect(next.append(entry(4)).sequence).toBe(4);
    expect(numbers(await next.read({ limit: 10 }))).toEqual([4, 3, 2, 1]);
  });

  test.each([
    ['by service', { subject: 'web' }, [3, 1]],
    ['by subject', { subject: 'service/db' }, [2]],
    ['by config key', { subject: 'berth.services.web' }, [3, 1]],
    ['by the key above it', { subject: 'berth.services' }, [3, 2, 1]],
    ['by time', { since: Date.UTC(2026, 0, 1, 0, 0, 2) }, [3, 2]],
    ['but a part of a word is no subject', { subject: 'berth.services.we' }, []],
  ])('%s', async (_rule, filter, expected) => {
    const ledger = open();
    fill(ledger, 3);
    expect(numbers(await ledger.read({ limit: 10, ...filter }))).toEqual(expected);
  });
});

describe('its size is bounded', () => {
  test('old files go, numbers go on, and the newest entries stay', async () => {
    const ledger = open({ maxFileBytes: 1000, maxFiles: 3 });
    fill(ledger, 100);
    await ledger.flush();
    const files = readdirSync(directory);
    expect(files.length).toBe(3);
    for (const file of files) expect(statSync(join(directory, file)).size).toBeLessThan(1000 + 400);
    const found = numbers(await ledger.read({ limit: 1000 }));
    expect(found[0]).toBe(100);
    expect(found).toEqual(Array.from({ length: found.length }, (_, index) => 100 - index));
  });

  test('a file that holds nothing yet gives the next number by its name', async () => {
    writeFileSync(join(directory, 'ledger-000000000042.jsonl'), '');
    expect(open().append(entry(1)).sequence).toBe(42);
  });
});

describe('damage is survived and told', () => {
  test.each([
    ['a torn last line', '{"sequence":4,"at":"20', 1, [3, 2, 1]],
    ['a last line without its end', JSON.stringify({ ...entry(4), sequence: 4 }), 1, [3, 2, 1]],
    ['a line of garbage in between', 'garbage\n', 1, [3, 2, 1]],
    ['a line that is no entry', '{"a":1}\n', 1, [3, 2, 1]],
    ['nothing wrong', '', 0, [3, 2, 1]],
  ])('%s', async (_rule, tail, problems, expected) => {
    const first = open();
    fill(first, 3);
    await first.close();
    appendFileSync(join(directory, 'ledger-000000000001.jsonl'), tail);
    const ledger = open();
    expect(ledger.problems.length).toBe(problems);
    expect(numbers(await ledger.read({ limit: 10 }))).toEqual(expected);
    expect(ledger.append(entry(5)).sequence).toBe(4);
    expect(numbers(await open().read({ limit: 10 }))).toEqual([4, ...expected]);
  });

  test('at every byte a crash can cut the file, what was whole stays', async () => {
    const first = open();
    fill(first, 3);
    await first.close();
    const path = join(directory, 'ledger-000000000001.jsonl');
    const content = readFileSync(path);
    for (let length = 0; length <= content.length; length += 7) {
      writeFileSync(path, content.subarray(0, length));
      const whole = content.subarray(0, length).toString().split('\n').length - 1;
      const ledger = open();
      expect(numbers(await ledger.read({ limit: 10 }))).toEqual([3, 2, 1].slice(3 - whole));
      expect(ledger.append(entry(9)).sequence).toBe(whole + 1);
      await ledger.close();
    }
  });

  test('while the disk refuses, entries stay in memory; then they are written', async () => {
    const ledger = open({ maxFileBytes: 1 });
    fill(ledger, 1);
    rmSync(directory, { recursive: true });
    fill(ledger, 2);
    await ledger.flush();
    expect(ledger.problems.join()).toContain('cannot be written');
    expect(numbers(await ledger.read({ limit: 10 }))).toEqual([3, 2]);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(directory);
    await ledger.flush();
    expect(readdirSync(directory).length).toBe(2);
    expect(numbers(await ledger.read({ limit: 10 }))).toEqual([3, 2]);
  });
});

function open(options: LedgerOptions = {}): Ledger {
  const ledger = new Ledger(directory, { syncDelayMs: 10, ...options });
  opened.push(ledger);
  return ledger;
}

function fill(ledger: Ledger, count: number): LedgerEntry[] {
  return Array.from({ length: count }, (_, index) => ledger.append(entry(index + 1)));
}

function entry(second: number): Omit<LedgerEntry, 'sequence'> {
  const name = second % 2 === 1 ? 'web' : 'db';
  return {
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    generation: 1,
    kind: 'start-container',
    subject: `service/${name}`,
    cost: 'live',
    reason: {
      kind: 'dependency',
      service: 'x',
      cause: { kind: 'config', key: `berth.services.${name}.image`, change: 'changed' },
    },
    summary: `start ${name}`,
    outcome: 'done',
    durationMs: 1,
  };
}

function numbers(entries: readonly LedgerEntry[]): number[] {
  return entries.map(({ sequence }) => sequence);
}
