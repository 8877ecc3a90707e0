import type { FileState, HostFiles } from '../ports.ts';
import type { ObservedFiles } from '../resource.ts';

/** Looks at files: what is there, where links lead, and what the image has in /etc. */
export async function observeFiles(paths: readonly string[], files: HostFiles): Promise<ObservedFiles> {
  const states = new Map<string, FileState>();
  const links = new Map<string, string>();
  const identities = new Map<string, string>();
  const defaults = new Map<string, string>();
  for (const path of new Set(paths)) {
    // What cannot be looked at (links in a circle, a broken disk) is nothing that Berth would write over.
    states.set(path, await files.state(path).catch(() => ({ kind: 'other' }) as const));
    const target = await files.linkTarget(path).catch(() => undefined);
    if (target !== undefined) links.set(path, target);
    const identity = await files.identity(path).catch(() => undefined);
    if (identity !== undefined) identities.set(path, identity);
    const original = path.startsWith('/etc/') ? await files.readDefault(path) : undefined;
    if (original !== undefined) defaults.set(path, Buffer.from(original).toString('base64'));
  }
  return { states, links, identities, defaults, hasDefaults: files.hasDefaults };
}
