import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { BerthError } from '../../core/errors.ts';
import type { Catalogue, CatalogueEntry } from './entry.ts';

const tree = z.record(z.string(), z.unknown());
const composeParts = {
  networks: tree.optional(),
  volumes: tree.optional(),
  secrets: tree.optional(),
  configs: tree.optional(),
};
const override = z.strictObject({ service: tree.optional(), ...composeParts });

const entrySchema = z.strictObject({
  description: z.string().min(1),
  requires: z.array(z.string()).default([]),
  service: tree,
  ...composeParts,
  host: override.optional(),
  local: override.optional(),
});

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
  const parsed = entrySchema.safeParse(parseYaml(text, name));
  if (!parsed.success) throw new BerthError('CONFIG_INVALID', `${name}/service.yaml: ${z.prettifyError(parsed.error)}`);
  const { description, requires, host, local, ...base } = parsed.data;
  return { name, description, requires, base, overrides: { host: host ?? {}, local: local ?? {} } };
}

function parseYaml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new BerthError('CONFIG_INVALID', `${name}/service.yaml is not YAML`, { cause });
  }
}
