import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { butaneDocument, sugarPaths } from '../../../src/config/dialects/butane/document.ts';
import { sugarMeanings } from '../../../src/config/dialects/butane/sugar/meanings.ts';
import { cloudInitDocument } from '../../../src/config/dialects/cloud-init/document.ts';
import {
  commonKeys1,
  type DocumentedKey,
  deviceKeys2,
  documentKeys1,
  documentKeys2,
  entryKeys1,
  kindKeys2,
  networkDocument,
} from '../../../src/config/network/document.ts';
import * as networkMeanings from '../../../src/config/network/key-meanings.ts';
import { cloudConfigSchema } from '../../../src/config/schema.ts';
import { validateConfig } from '../../../src/config/validate.ts';
import { readYaml } from '../../../src/config/yaml-source.ts';
import { brief, catalogue, examples, parse, repository } from './support.ts';

const committed = (path: string): string => readFileSync(join(repository, path), 'utf8');
const dataOf = (text: string): unknown =>
  readYaml(text, { rulesOf: (key) => (key === 'berth' ? 'compose' : 'cloud-init') }).data;

describe('generated files are up to date (node scripts/generate.ts)', () => {
  test('cloud-config/schema.json', () => {
    expect(JSON.parse(committed('cloud-config/schema.json'))).toEqual(JSON.parse(JSON.stringify(cloudConfigSchema())));
  });

  test('docs/dialects/cloud-init.md', () => {
    expect(committed('docs/dialects/cloud-init.md')).toBe(cloudInitDocument());
  });

  test('docs/dialects/butane.md, which explains every key that Butane adds', () => {
    expect(committed('docs/dialects/butane.md')).toBe(butaneDocument());
    expect(Object.keys(sugarMeanings).toSorted()).toEqual(sugarPaths().toSorted());
  });

  test('docs/dialects/network-config.md', () => {
    expect(committed('docs/dialects/network-config.md')).toBe(networkDocument());
  });

  test.each<[string, DocumentedKey[], object]>([
    ['a document', documentKeys2(), networkMeanings.documentMeanings],
    ['every device', deviceKeys2(), networkMeanings.deviceMeanings],
    ['a kind of device', kindKeys2(), networkMeanings.kindMeanings],
    ['a document of version 1', documentKeys1(), networkMeanings.documentMeanings1],
    ['every device of version 1', commonKeys1(), networkMeanings.commonMeanings1],
    ['a kind of entry', entryKeys1(), networkMeanings.entryMeanings1],
  ])('the page explains every key of %s that is honoured, and no other', (_name, keys, meanings) => {
    const honoured = keys.filter(({ why }) => why === undefined).map(({ path }) => path);
    expect(Object.keys(meanings).toSorted()).toEqual(honoured.toSorted());
  });
});

describe('examples', () => {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(cloudConfigSchema());

  test.each(examples)('$name has a line in the table', ({ name }) => {
    expect(committed('cloud-config/README.md')).toContain(`[${name}.yaml](${name}.yaml)`);
  });

  test.each(examples)('$name is valid, without a warning', ({ text }) => {
    expect(brief(parse(text))).toEqual([]);
    expect(validateConfig({ file: 'config.yaml', text }, { catalogue })).toEqual([]);
    validate(dataOf(text));
    expect(validate.errors ?? []).toEqual([]);
  });

  test('all-keys has every honoured key', () => {
    const { properties } = cloudConfigSchema() as {
      properties: Record<string, { description?: string; properties?: object }>;
    };
    const all = examples.find(({ name }) => name === 'all-keys');
    const data = dataOf(all?.text ?? '') as Record<string, object>;
    const honoured = Object.keys(properties).filter(
      (key) => properties[key]?.description?.startsWith('No effect') !== true,
    );
    // `ca-certs` is another spelling of `ca_certs`; merge instructions say something in a text after another one only.
    expect(honoured.filter((key) => !(key in data))).toEqual(['ca-certs', 'merge_how', 'merge_type']);
    expect(Object.keys(properties['berth']?.properties ?? {}).filter((key) => !(key in (data['berth'] ?? {})))).toEqual(
      [],
    );
  });

  test.each([
    'hostname: 1',
    'users: [{name: [a]}]',
    'berth: {foo: 1}',
    'berth: {enable: ntp}',
    'timezone: {}',
    'berth: {update: {health: {checks: [{name: a, tcp: "db:65536"}]}}}',
    'berth: {update: {health: {checks: [{name: a, tcp: "db:0"}]}}}',
    'berth: {update: {health: {checks: [{name: a, command: []}]}}}',
    'berth: {update: {health: {checks: [{name: a, command: [" "]}]}}}',
    'berth: {update: {health: {checks: [{name: a, command: " ,"}]}}}',
    'berth: {update: {health: {checks: [{name: engine, command: [a]}]}}}',
  ])('the schema refuses %s, as the parser does', (text) => {
    expect(validate(dataOf(text))).toBe(false);
    expect(parse(text).diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });
});
