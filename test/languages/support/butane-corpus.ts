import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goModule, ignitionModule } from './go-tool.ts';

/** Butane configs out of the module's own documentation and tests. */
export async function butaneCorpus(): Promise<string[]> {
  const root = await goModule(ignitionModule);
  const found = new Set<string>();
  for (const path of await readdir(root, { recursive: true })) {
    if (!/\.md$|_test\.go$/.test(path)) continue;
    const source = await readFile(join(root, path), 'utf8');
    for (const text of path.endsWith('.md') ? codeBlocks(source) : rawTexts(source)) {
      if (/^variant:/m.test(text)) found.add(text);
    }
  }
  return [...found].toSorted();
}

/** Markdown's blocks of YAML, without the indentation of the list they may stand in. */
function codeBlocks(source: string): string[] {
  return [...source.matchAll(/^( *)```ya?ml[^\n]*\n([^]*?)^ *```/gm)].map(([, indent = '', block = '']) =>
    block
      .split('\n')
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n'),
  );
}

function rawTexts(source: string): string[] {
  return [...source.matchAll(/`([^`]*variant:[^`]*)`/g)].map(([, text = '']) => text);
}
