import { createHash } from 'node:crypto';
import type { FileConfig, HostConfig } from '../../config/host-config.ts';
import type { RemoteContent } from '../../config/remote-content.ts';

/** Where fetched content is kept, so that later boots need no network for it. */
const directory = '/var/lib/berth/fetched';

/** Path of what was fetched: another URL, header or hash is another path. Pure. */
export function fetchedPath(content: RemoteContent): string {
  const { url, headers, hash = '', compression = '' } = content;
  const key = JSON.stringify([url, headers.map(({ name, value }) => [name, value]), hash, compression]);
  return `${directory}/${createHash('sha256').update(key).digest('hex')}`;
}

/** Paths of everything that is fetched for a config. Pure. */
export function fetchedPaths({ files }: HostConfig): string[] {
  return files.flatMap(({ remote }: FileConfig) => (remote === undefined ? [] : [fetchedPath(remote)]));
}
