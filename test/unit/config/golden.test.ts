import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.ts';
import { catalogue } from './support.ts';

const folder = join(import.meta.dirname, 'golden');
const update = process.env['UPDATE_GOLDEN'] === '1';

/** Each folder has an input and what it is read as; UPDATE_GOLDEN=1 writes the latter anew. */
describe.each(readdirSync(folder))('%s', (name) => {
  const at = (file: string): string => join(folder, name, file);
  const { config, diagnostics } = parseConfig([{ file: 'input.yaml', text: readFileSync(at('input.yaml'), 'utf8') }], {
    catalogue,
  });

  test.each([
    ['config.json', config],
    ['diagnostics.json', diagnostics],
  ])('%s', (file, value) => {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    if (update) writeFileSync(at(file), text);
    expect(existsSync(at(file))).toBe(true);
    expect(readFileSync(at(file), 'utf8')).toBe(text);
  });
});
