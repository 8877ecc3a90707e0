import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { berthKeys } from '../../../src/config/berth/keys.ts';
import { cloudInitKeys } from '../../../src/config/dialects/cloud-init/keys.ts';
import { isMapping } from '../../../src/config/shape.ts';
import { runs } from '../../support/runs.ts';
import { examples, parse } from './support.ts';

/** A position in the text for every diagnostic, and JSON for the config: what every caller relies on. */
function expectSound(text: string): void {
  const { config, diagnostics } = parse(text);
  const lines = text.split(/\r\n|[\r\n]/).length + 1;
  for (const { line, column } of diagnostics) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
  }
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
}

describe('parseConfig never throws', () => {
  test('on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expectSound(text)),
      runs(100),
    );
  });

  test('on any text after the header', () => {
    const yamlish = fc.array(
      fc.constantFrom(
        'a',
        ': ',
        '\n',
        '  ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '<<',
        '!!',
        '|',
        '"',
        '#',
        '\t',
        '0',
        'berth',
      ),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(yamlish, (parts) => expectSound(`#cloud-config\n${parts.join('')}`)),
      runs(100),
    );
  });

  test('on any value under any key', () => {
    const keys = [...cloudInitKeys.map(({ key }) => [key]), ...berthKeys.map(({ key }) => ['berth', key])];
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...keys), value, (path, inner) => {
        expectSound(
          `#cloud-config\n${stringify(path.reduceRight<unknown>((child, key) => ({ [key]: child }), inner))}`,
        );
      }),
      runs(100),
    );
  });

  test('on examples with a piece of them replaced', () => {
    const piece = fc.constantFrom(
      '',
      ' ',
      '\n',
      ':',
      '-',
      '[',
      '}',
      '"',
      '~',
      '1',
      '*a',
      '\0',
      '\t',
      '{a: b}',
      '[]',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.nat(), fc.nat(12), piece, ({ text }, at, length, replacement) => {
        const start = 14 + (at % (text.length - 14));
        expectSound(text.slice(0, start) + replacement + text.slice(start + length));
      }),
      runs(100),
    );
  });
});

/** Paths of every scalar and empty collection, besides those whose value is the default of their key. */
function leavesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  if (isMapping(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
  return [path];
}

const passwordSeed = 'a secret of the host';

/** Says the same as leaving the key out. */
const defaults = new Set([
  'ntp.enabled',
  'vendor_data.enabled',
  'preserve_hostname',
  'ssh_deletekeys',
  'prefer_fqdn_over_hostname',
  'write_files.0.permissions',
  'write_files.0.owner',
  'mount_default_fields.0',
  'mount_default_fields.1',
  'mount_default_fields.4',
  'mount_default_fields.5',
  'chpasswd.expire',
  'disk_setup./dev/vdc.overwrite',
  'fs_setup.0.overwrite',
  'fs_setup.1.partition',
  'fs_setup.2.partition',
  'growpart.mode',
  'resize_rootfs',
  'berth.raid.mirror.overwrite',
  'berth.luks.vault.discard',
  'berth.luks.vault.overwrite',
]);

describe('nothing is dropped silently', () => {
  test.each(examples)('$name: removing any leaf changes the config or the diagnostics', ({ text }) => {
    const whole = parse(text, { passwordSeed });
    const silent = leavesOf(parseDocument(text, { version: '1.1' }).toJS())
      .filter((path) => {
        const document = parseDocument(text, { version: '1.1' });
        document.deleteIn(path);
        const { config, diagnostics } = parse(document.toString(), { passwordSeed });
        return (
          JSON.stringify([config, diagnostics.length]) === JSON.stringify([whole.config, whole.diagnostics.length])
        );
      })
      .map((path) => path.join('.'));
    expect(silent.filter((path) => !defaults.has(path))).toEqual([]);
  });
});
