import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { BerthError } from '../src/core/errors.ts';

const absolutePath = z.string().regex(/^\/(?!.*\/$)/, 'an absolute path without a slash at its end');
const permissionBits = z.string().regex(/^[0-7]{3,4}$/, 'octal permission bits, quoted: "0755"');

const recipeSchema = z.strictObject({
  /** The image's tag. Raise it when the service's own files or options change in a way users notice. */
  version: z.string().regex(/^[\w][\w.-]{0,127}$/),
  /** Debian packages to take files from, with what they depend on. */
  packages: z.array(z.string()).min(1),
  /** Packages to leave out together with what only they need. */
  without: z.array(z.string()).default([]),
  /** Globs of the files that stay. Shared libraries they are linked with stay too; nothing else does. */
  keep: z.array(absolutePath).min(1),
  /** Names under /usr/bin that run busybox, or `all`. Needs package busybox-static. */
  applets: z.union([z.literal('all'), z.array(z.string())]).default([]),
  users: z
    .array(
      z.strictObject({
        name: z.string(),
        uid: z.int(),
        gid: z.int().optional(),
        home: absolutePath.default('/nonexistent'),
        shell: absolutePath.default('/usr/sbin/nologin'),
      }),
    )
    .default([]),
  groups: z.array(z.strictObject({ name: z.string(), gid: z.int() })).default([]),
  /** Empty directories: mount points and places for state. */
  directories: z
    .array(
      z.strictObject({ path: absolutePath, owner: z.string().default('root'), mode: permissionBits.default('0755') }),
    )
    .default([]),
  /** Symbolic links: path → target. */
  links: z.record(absolutePath, z.string()).default({}),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  /** User the image runs as: a name of `users`, or root. */
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
});

/** How an image is made; see `system-containers/README.md`. */
export type RecipeOptions = z.infer<typeof recipeSchema>;

export interface RecipeFile {
  /** Path in the image, absolute. */
  readonly path: string;
  readonly source: string;
  readonly executable: boolean;
  readonly sha256: string;
}

export interface Recipe {
  readonly name: string;
  readonly options: RecipeOptions;
  /** The folder's `files/`, copied into the image as they are; sorted by path. */
  readonly files: readonly RecipeFile[];
}

/** Names of the folders of `directory` that hold a recipe, sorted. */
export async function listRecipes(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const recipe = await stat(join(directory, entry.name, 'recipe.yaml')).catch(() => undefined);
    if (recipe !== undefined) names.push(entry.name);
  }
  return names.sort();
}

/** Reads `directory/name/recipe.yaml`. Throws CONFIG_INVALID with every problem, NOT_FOUND when there is none. */
export async function readRecipe(directory: string, name: string): Promise<Recipe> {
  const path = join(directory, name, 'recipe.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `no system container is called ${name}`, { cause });
  });
  const parsed = recipeSchema.safeParse(parse(text));
  if (!parsed.success) throw new BerthError('CONFIG_INVALID', `${name}/recipe.yaml: ${z.prettifyError(parsed.error)}`);
  return { name, options: parsed.data, files: await recipeFiles(join(directory, name, 'files')) };
}

async function recipeFiles(root: string): Promise<RecipeFile[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: RecipeFile[] = [];
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const { mode } = await stat(source);
    const sha256 = createHash('sha256')
      .update(await readFile(source))
      .digest('hex');
    files.push({ path: source.slice(root.length), source, executable: (mode & 0o100) !== 0, sha256 });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
