import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goModule, ignitionModule, ignitionModule2 } from './go-tool.ts';
import { version1Configs } from './ignition-1-configs.ts';
import { verdictsOf } from './ignition-verdicts.ts';

/** A config out of a module's own documentation or tests. */
export interface CorpusConfig {
  /** Place in the module, for messages. */
  readonly name: string;
  readonly text: string;
  /** Whose validator judges it; that of version 2 judges version 1, too. */
  readonly major: 2 | 3;
}

/** Which validator a text is for. */
export function majorOf(text: string): 2 | 3 {
  const isFirst = /"ignitionversion"/i.test(text) && !/"ignition"\s*:/i.test(text);
  return isFirst || /"version"\s*:\s*"0*2\./.test(text) ? 2 : 3;
}

/** JSON configs in Markdown's code blocks, and in the raw texts of Go sources; a version left open there is filled in. And version 1. */
export async function ignitionCorpus(): Promise<CorpusConfig[]> {
  const found = new Map<string, CorpusConfig>();
  for (const module of [ignitionModule, ignitionModule2]) {
    const root = await goModule(module);
    for (const path of await readdir(root, { recursive: true })) {
      const pattern = patternOf(path);
      if (pattern === undefined) continue;
      const source = await readFile(join(root, path), 'utf8');
      for (const [index, [, text = '']] of [...source.matchAll(pattern)].entries()) {
        if (!/^\s*\{/.test(text) || (!path.endsWith('.md') && !text.includes('ignition'))) continue;
        for (const version of text.includes('$version') ? versions[module === ignitionModule ? 3 : 2] : ['']) {
          const filled = text.replaceAll('$version', version);
          found.set(filled, { name: `${path}#${index}${version}`, text: filled, major: majorOf(filled) });
        }
      }
    }
  }
  const first = version1Configs.map((config, index): CorpusConfig => {
    return { name: `version-1#${index}`, text: JSON.stringify(config), major: 2 };
  });
  return [...found.values(), ...first];
}

const versions = { 2: ['2.0.0', '2.2.0', '2.4.0'], 3: ['3.0.0', '3.3.0', '3.6.0'] };

function patternOf(path: string): RegExp | undefined {
  if (path.endsWith('.md')) return /```(?:json)?[^\n]*\n([^]*?)```/g;
  return path.endsWith('.go') ? /`([^`]*)`/g : undefined;
}

/** Those that Ignition accepts, if it is read as JSON. */
export async function acceptedConfigs(corpus: readonly CorpusConfig[]): Promise<CorpusConfig[]> {
  const good = await Promise.all(
    ([2, 3] as const).map(async (major) => {
      const configs = corpus.filter((config) => config.major === major);
      const verdicts = await verdictsOf(
        configs.map(({ text }) => text),
        major,
      );
      return configs.filter((_config, index) => verdicts[index]?.accepted === true);
    }),
  );
  return good.flat();
}
