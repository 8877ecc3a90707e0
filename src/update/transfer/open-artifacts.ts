import { resolve } from 'node:path';
import { Bundle } from '../bundle/bundle.ts';
import { BundleArtifacts } from '../bundle/bundle-artifacts.ts';
import { placeOf } from '../tuf/open-source.ts';
import { DirectorySource } from './directory-source.ts';
import { HttpSource, type HttpSourceOptions } from './http-source.ts';
import type { ArtifactSource } from './source.ts';

/** The artifacts of the repository at a URL, in a directory or in a bundle (paths relative to `cwd`). */
export function openArtifacts(location: string, cwd: string, options: Omit<HttpSourceOptions, 'url'>): ArtifactSource {
  const place = placeOf(location, cwd);
  switch (place.kind) {
    case 'server':
      return new HttpSource({ ...options, url: `${place.url}/targets` });
    case 'directory':
      return new DirectorySource(resolve(place.path, 'targets'));
    case 'bundle':
      return new BundleArtifacts(new Bundle(place.path));
  }
}
