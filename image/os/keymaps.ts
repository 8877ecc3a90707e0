import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/**
 * XKB's layouts of Latin script, with which alone commands can be typed, each with its usual variants. A keymap takes 3 KB,
 * packed a third of that.
 */
export const keymaps: Readonly<Record<string, readonly string[]>> = {
  al: [],
  at: ['nodeadkeys', 'mac'],
  au: [],
  ba: ['us'],
  be: ['nodeadkeys', 'oss'],
  br: ['nodeadkeys', 'dvorak', 'nativo', 'thinkpad'],
  ca: ['fr-legacy', 'multix', 'eng'],
  ch: ['de_nodeadkeys', 'de_mac', 'fr', 'fr_nodeadkeys', 'fr_mac'],
  cz: ['qwerty', 'winkeys', 'winkeys-qwerty', 'ucw'],
  de: ['nodeadkeys', 'deadacute', 'deadgraveacute', 'T3', 'us', 'dvorak', 'mac', 'mac_nodeadkeys', 'neo', 'qwerty'],
  dk: ['nodeadkeys', 'winkeys', 'mac', 'dvorak'],
  ee: ['nodeadkeys', 'us'],
  es: ['nodeadkeys', 'deadtilde', 'winkeys', 'dvorak', 'cat'],
  fi: ['nodeadkeys', 'winkeys', 'classic', 'mac'],
  fo: ['nodeadkeys'],
  fr: ['nodeadkeys', 'oss', 'latin9', 'azerty', 'afnor', 'bepo', 'bepo_afnor', 'dvorak', 'mac', 'us'],
  gb: ['extd', 'intl', 'dvorak', 'dvorakukp', 'mac', 'mac_intl', 'colemak', 'colemak_dh'],
  hr: ['us'],
  hu: ['standard', 'nodeadkeys', 'qwerty'],
  ie: [],
  is: ['mac', 'dvorak'],
  it: ['nodeadkeys', 'winkeys', 'mac', 'us'],
  jp: ['OADG109A', 'dvorak'],
  latam: ['nodeadkeys', 'deadtilde', 'dvorak'],
  lt: ['std', 'us'],
  lv: ['apostrophe', 'modern'],
  nl: ['us', 'mac', 'std'],
  no: ['nodeadkeys', 'winkeys', 'mac', 'dvorak', 'colemak'],
  pl: ['legacy', 'qwertz', 'dvorak'],
  pt: ['nodeadkeys', 'mac', 'nativo'],
  ro: ['std', 'winkeys'],
  rs: ['latin', 'latinyz'],
  se: ['nodeadkeys', 'dvorak', 'us_dvorak', 'svdvorak', 'mac', 'us'],
  si: ['us'],
  sk: ['qwerty'],
  tr: ['f', 'alt', 'intl'],
  us: [
    ...['euro', 'intl', 'alt-intl', 'altgr-intl', 'mac', 'colemak', 'colemak_dh', 'dvorak', 'dvorak-intl', 'dvorak-l'],
    ...['dvorak-r', 'dvp', 'workman'],
  ],
  za: [],
};

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
