import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BerthError } from '../../core/errors.ts';
import type { Catalogue, CatalogueEntry, CatalogueParts } from './entry.ts';

const trees = ['service', 'networks', 'volumes', 'secrets', 'configs'] as const;
const overrides = ['host', 'local'] as const;
const known: readonly string[] = ['description', 'requires', ...trees, ...overrides];

/**
 * Reads the catalogue: every folder of `directory` that has a `service.yaml` is a service, named like the folder.
 * Throws CONFIG_UNREADABLE when there is no such directory, CONFIG_INVALID with all problems of a file that is wrong.
 */
export async function loadCatalogue(directory: string): Promise<Catalogue> {
  const folders = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new BerthError('CONFIG_UNREADABLE', `the catalogue of system containers is not at ${directory}`, { cause });
  });
  const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const entries = new Map<string, CatalogueEntry>();
  for (const name of names.sort()) {
    const entry = await loadEntry(directory, name);
    if (entry !== undefined) entries.set(name, entry);
  }
  return entries;
}

async function loadEntry(directory: string, name: string): Promise<CatalogueEntry | undefined> {
  const text = await readFile(join(directory, name, 'service.yaml'), 'utf8').catch((cause: unknown) => {
    // A folder with a recipe only is an image without a service.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new BerthError('CONFIG_UNREADABLE', `cannot read ${name}/service.yaml`, { cause });
  });
  if (text === undefined) return undefined;
  const document = parseYaml(text, name);
  const problems = problemsOf(document);
  if (problems.length > 0 || !isTree(document)) {
    throw new BerthError('CONFIG_INVALID', `${name}/service.yaml: ${problems.join('; ')}`);
  }
  const { description, requires = [], host = {}, local = {} } = document as unknown as ServiceFile;
  const base: CatalogueParts = Object.fromEntries(
    trees.map((key) => [key, document[key]]).filter(([, value]) => value !== undefined),
  ) as CatalogueParts;
  return { name, description, requires, base, overrides: { host, local } };
}

/** A `service.yaml` that has no {@link problemsOf}. */
interface ServiceFile {
  readonly description: string;
  readonly requires?: readonly string[];
  readonly host?: CatalogueParts;
  readonly local?: CatalogueParts;
}

function problemsOf(document: unknown): string[] {
  if (!isTree(document)) return ['must be a mapping'];
  const problems = Object.keys(document)
    .filter((key) => !known.includes(key))
    .map((key) => `"${key}" is not a key of a service.yaml`);
  const { description, requires = [], service } = document;
  if (typeof description !== 'string' || description === '') problems.push('"description" must be a text');
  if (!Array.isArray(requires) || !requires.every((item) => typeof item === 'string')) {
    problems.push('"requires" must be a list of texts');
  }
  if (service === undefined) problems.push('"service" is missing');
  for (const key of [...trees, ...overrides]) {
    if (document[key] !== undefined && !isTree(document[key])) problems.push(`"${key}" must be a mapping`);
  }
  for (const mode of overrides) {
    const parts = document[mode];
    if (!isTree(parts)) continue;
    for (const [key, value] of Object.entries(parts)) {
      if (!(trees as readonly string[]).includes(key)) problems.push(`"${mode}.${key}" is not a key of an override`);
      else if (!isTree(value)) problems.push(`"${mode}.${key}" must be a mapping`);
    }
  }
  return problems;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseYaml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new BerthError('CONFIG_INVALID', `${name}/service.yaml is not YAML`, { cause });
  }
}
