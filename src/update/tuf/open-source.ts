import { resolve } from 'node:path';
import { DirectorySource } from './directory-source.ts';
import { HttpSource } from './http-source.ts';
import type { Source } from './source.ts';

/** The part of a repository that is called `name`, at a URL or in a directory (relative to `cwd`). */
export function openSource(location: string, name: 'metadata' | 'targets', cwd: string): Source {
  return isUrl(location)
    ? new HttpSource(`${location.replace(/\/+$/, '')}/${name}`)
    : new DirectorySource(resolve(cwd, location, name));
}

/** Whether it is the address of a server, not a path. Pure. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//.test(location);
}
