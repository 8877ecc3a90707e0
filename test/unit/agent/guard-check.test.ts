import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { guardCheck } from '../../../src/agent/guard-check.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bta-guard-'));
});
afterEach(async () => rm(directory, { recursive: true }));

const never = new AbortController().signal;

test.each([
  { what: 'has made no round yet', text: undefined, holds: false, detail: 'has not made a round yet' },
  { what: 'is just writing', text: '', holds: false, detail: 'has not made a round yet' },
  { what: 'made one just now', text: '100\n', holds: true, detail: 'makes its rounds' },
  { what: 'is late, as on a busy machine', text: '71\n', holds: true, detail: 'makes its rounds' },
  { what: 'stopped', text: '60\n', holds: false, detail: 'made its last round 40 seconds ago' },
])('a guard that $what: $holds', async ({ text, holds, detail }) => {
  if (text !== undefined) await writeFile(join(directory, 'guard-alive'), text);
  expect(await guardCheck(directory, () => 100.2).look(never)).toEqual({ holds, detail });
});
