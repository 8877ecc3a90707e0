import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadCatalogue } from '../../../../src/services/catalogue/load.ts';

describe('loading a catalogue', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'berth-catalogue-'));
  });
  afterAll(async () => rm(root, { recursive: true }));

  const catalogueOf = async (name: string, text: string | undefined) => {
    const directory = join(root, name);
    await mkdir(join(directory, 'thing'), { recursive: true });
    if (text !== undefined) await writeFile(join(directory, 'thing', 'service.yaml'), text);
    return loadCatalogue(directory);
  };

  test('a folder with a service is an entry of that name; nothing else has to be told', async () => {
    const catalogue = await catalogueOf(
      'one',
      'description: a thing\nservice: {image: x}\nlocal: {service: {user: nobody}}\n',
    );
    expect(catalogue.get('thing')).toEqual({
      name: 'thing',
      description: 'a thing',
      requires: [],
      base: { service: { image: 'x' } },
      overrides: { host: {}, local: { service: { user: 'nobody' } } },
    });
  });

  test('a folder without a service is an image only', async () => {
    expect((await catalogueOf('two', undefined)).size).toBe(0);
  });

  test.each([
    { rule: 'a key that nobody reads', text: 'description: d\nservice: {}\nservices: {}\n' },
    { rule: 'no description', text: 'service: {}\n' },
    { rule: 'text that is not YAML', text: 'description: [\n' },
  ])('$rule is refused', async ({ rule, text }) => {
    await expect(catalogueOf(rule, text)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('a directory that is not there is said so', async () => {
    await expect(loadCatalogue(join(root, 'absent'))).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});
