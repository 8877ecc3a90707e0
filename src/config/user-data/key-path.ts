import type { DocumentPath } from '../../core/diagnostic.ts';

/** `berth.services.web.ports[0]`, `users["a.b"]` → its parts, as `formatPath` writes them; undefined when it is none. Pure. */
export function parsePath(text: string): DocumentPath | undefined {
  const path: (string | number)[] = [];
  const step = /\.?([\w-]+)|\[(\d+)\]|\["([^"]*)"\]/y;
  let at = 0;
  while (at < text.length) {
    step.lastIndex = at;
    const match = step.exec(text);
    if (match === null) return undefined;
    const [whole, name, index, quoted] = match;
    // A dot stands between two parts, and nowhere else.
    if (name !== undefined && whole.startsWith('.') !== path.length > 0) return undefined;
    path.push(index === undefined ? (name ?? quoted ?? '') : Number(index));
    at = step.lastIndex;
  }
  return path.length === 0 ? undefined : path;
}
