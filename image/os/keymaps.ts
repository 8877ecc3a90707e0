import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { keymaps } from '../../src/config/keymaps.ts';
import { BerthError } from '../../src/core/errors.ts';
import { keymapPath } from '../../src/host/console/keyboard.ts';
import type { PackageFile } from '../apt.ts';
import { machineArchitecture } from '../image-archive.ts';
import { placeFile } from '../package-tree.ts';
import { type Architecture, architectures } from './layout.ts';
import { madeOnce } from './made-once.ts';
import type { Tools } from './tools.ts';

/** Part of a keymap's place in the cache: raise it when keymaps are made in another way. */
const makeVersion = 1;

/** Of XKB's list (rules/base.lst) the variants, as `variant layout`. Pure. */
export function variantsOf(list: string): ReadonlySet<string> {
  const section = /^! variant\n([^!]*)/m.exec(list)?.[1] ?? '';
  return new Set([...section.matchAll(/^\s+(\S+)\s+(\w+):/gm)].map(([, variant, layout]) => `${variant} ${layout}`));
}

interface KeymapSources {
  /** They have XKB's data, as the tools do. */
  readonly rootPackages: readonly PackageFile[];
  readonly tools: Tools;
  readonly cacheDirectory: string;
}

/**
 * Puts the keymaps into the image, in the form of busybox' loadkmap. They are made once and kept in the cache.
 * Throws CONFIG_INVALID when XKB has no such layout.
 */
export async function placeKeymaps(
  root: string,
  { rootPackages, tools, cacheDirectory }: KeymapSources,
): Promise<void> {
  const source = rootPackages.find(({ name }) => name === 'xkb-data');
  const key = JSON.stringify([makeVersion, source?.sha256, keymaps]);
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 24);
  const directory = join(cacheDirectory, 'keymaps', digest);
  await madeOnce(directory, async (work) => makeKeymaps(work, tools));
  const target = dirname(join(root, keymapPath({ layout: 'us' })));
  for (const name of await readdir(directory)) await placeFile(join(directory, name), join(target, name));
}

async function makeKeymaps(directory: string, tools: Tools): Promise<void> {
  const data = tools.path('usr/share/X11/xkb');
  const known = variantsOf(await readFile(join(data, 'rules/base.lst'), 'utf8'));
  const { triplet } = architectures[(await machineArchitecture()) as Architecture];
  const library = tools.path(`usr/lib/${triplet}/perl-base`);
  const compiler = ['-I', library, tools.path('usr/bin/ckbcomp'), `-I${data}`, '-compact', '-model', 'pc105'];
  async function make(layout: string, variant?: string): Promise<void> {
    // ckbcomp takes the layout itself for a variant that there is not.
    if (variant !== undefined && !known.has(`${variant} ${layout}`)) {
      throw new BerthError('CONFIG_INVALID', `XKB's layout ${layout} has no variant ${variant}`);
    }
    const wanted = ['-layout', layout, ...(variant === undefined ? [] : ['-variant', variant])];
    const { stdout } = await tools.run('perl', [...compiler, ...wanted], { code: 'CONFIG_INVALID' });
    const name = basename(keymapPath(variant === undefined ? { layout } : { layout, variant }));
    await packKeymap(stdout, join(directory, name), tools);
  }
  for (const [layout, variants] of Object.entries(keymaps)) {
    await Promise.all([make(layout), ...variants.map((variant) => make(layout, variant))]);
  }
}

/** Writes the text of a keymap as the kernel's own numbers. */
async function packKeymap(text: string, file: string, tools: Tools): Promise<void> {
  const source = `${file}.text`;
  await writeFile(source, text);
  const output = await open(file, 'w', 0o644);
  try {
    await tools.run('loadkeys', ['--unicode', '--bkeymap', source], { output: output.fd });
  } finally {
    await output.close();
    await rm(source);
  }
}
