import { isUrl, placeOf } from '../tuf/open-source.ts';
import { DirectorySource } from './directory-source.ts';
import { HttpSource, type HttpSourceOptions } from './http-source.ts';
import type { ArtifactSource } from './source.ts';

/** The artifacts of the repository at a URL or in a directory (relative to `cwd`). */
export function openArtifacts(location: string, cwd: string, options: Omit<HttpSourceOptions, 'url'>): ArtifactSource {
  const place = placeOf(location, 'targets', cwd);
  return isUrl(place) ? new HttpSource({ ...options, url: place }) : new DirectorySource(place);
}
