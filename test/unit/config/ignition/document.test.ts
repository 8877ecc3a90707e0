import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ignitionDocument } from '../../../../src/config/dialects/ignition/document.ts';
import { keyMeanings } from '../../../../src/config/dialects/ignition/key-meanings.ts';
import { newestSpec } from '../../../../src/config/dialects/ignition/spec/spec-versions.ts';
import { repository } from '../support.ts';

test('docs/dialects/ignition.md is up to date (node scripts/generate.ts)', () => {
  expect(readFileSync(join(repository, 'docs/dialects/ignition.md'), 'utf8')).toBe(ignitionDocument());
});

/** Told as a whole, or together with what they are in. */
const toldElsewhere = [
  ...[
    'config',
    'storage',
    'systemd',
    'passwd',
    'reference',
    'verification',
    'timeouts',
    'security',
    'proxy',
    'header',
    'owner',
  ],
  ...['clevis', 'tang', 'clevisCustom', 'cex', 'unit', 'dropin'],
];

test('every key of the newest specification has a line', () => {
  const missing = Object.entries(newestSpec)
    .filter(([name]) => !toldElsewhere.includes(name))
    .flatMap(([name, fields]) => Object.keys(fields).map((field) => [name, field] as const))
    .filter(([name, field]) => keyMeanings[name]?.[field] === undefined);
  expect(missing).toEqual([]);
});
