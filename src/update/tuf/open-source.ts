import { resolve } from 'node:path';
import type { HttpAgents } from '../../datasource/http-request.ts';
import { DirectorySource } from './directory-source.ts';
import { HttpSource } from './http-source.ts';
import type { Source } from './source.ts';

/** The part of a repository that is called `name`, at a URL or in a directory (relative to `cwd`). */
export function openSource(location: string, name: 'metadata' | 'targets', cwd: string, agents?: HttpAgents): Source {
  const place = placeOf(location, name, cwd);
  return isUrl(place) ? new HttpSource(place, agents) : new DirectorySource(place);
}

/** Where that part of a repository is: a URL or a path. Pure. */
export function placeOf(location: string, name: 'metadata' | 'targets', cwd: string): string {
  return isUrl(location) ? `${location.replace(/\/+$/, '')}/${name}` : resolve(cwd, location, name);
}

/** Whether it is the address of a server, not a path. Pure. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//.test(location);
}
