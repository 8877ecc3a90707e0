import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HttpAgents } from '../../datasource/http-request.ts';
import { Bundle } from '../bundle/bundle.ts';
import { BundleSource } from '../bundle/bundle-source.ts';
import { DirectorySource } from './directory-source.ts';
import { HttpSource } from './http-source.ts';
import type { KeptAnswers } from './kept-answers.ts';
import type { Source } from './source.ts';

/** Where a repository is. */
export type Place =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'directory'; readonly path: string }
  /** One file with a part of a repository: see `bundle/`. */
  | { readonly kind: 'bundle'; readonly path: string };

/** The part of a repository that is called `name`: at a URL, in a directory or in a bundle (paths relative to `cwd`). */
export function openSource(
  location: string,
  name: 'metadata' | 'targets',
  cwd: string,
  agents?: HttpAgents,
  kept?: KeptAnswers,
): Source {
  const place = placeOf(location, cwd);
  switch (place.kind) {
    case 'server':
      return new HttpSource(`${place.url}/${name}`, agents, kept);
    case 'directory':
      return new DirectorySource(resolve(place.path, name));
    case 'bundle':
      return new BundleSource(new Bundle(place.path), name);
  }
}

/** What a location names. What is not there is a directory that is not there yet. */
export function placeOf(location: string, cwd: string): Place {
  if (/^https?:\/\//.test(location)) return { kind: 'server', url: location.replace(/\/+$/, '') };
  const path = resolve(cwd, location);
  return { kind: isFile(path) ? 'bundle' : 'directory', path };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
