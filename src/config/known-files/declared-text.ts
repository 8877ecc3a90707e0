import type { FileConfig } from '../host-config.ts';

/** What the entries for a path say together; `elsewhere`: its content is on a server; undefined: there is none. Pure. */
export function declaredText(
  files: readonly FileConfig[],
  path: string,
): { readonly text: string } | 'elsewhere' | undefined {
  const entries = files.filter((file) => file.path === path);
  if (entries.length === 0) return undefined;
  if (entries.some(({ remote }) => remote !== undefined)) return 'elsewhere';
  const text = entries.reduce((before, { contentBase64, append }) => {
    const own = Buffer.from(contentBase64, 'base64').toString('utf8');
    return append ? before + own : own;
  }, '');
  return { text };
}
