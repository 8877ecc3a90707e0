import type { HostConfig } from '../config/host-config.ts';
import { emptyHostConfig } from '../config/host-config.ts';
import { observeFiles } from './files/observe.ts';
import type { HostPorts } from './ports.ts';
import type { ObservedFiles } from './resource.ts';
import { type ObservedResources, observedPaths, observeResource, resourceNames } from './resources.ts';

/** What a host is like, as far as a config says something about it. */
export interface ObservedHost {
  readonly files: ObservedFiles;
  readonly resources: ObservedResources;
}

/**
 * Looks at everything that a config (and the one before it) declares; changes nothing.
 * @param previous what was applied before, so that what is not declared any more can be undone.
 */
export async function observeHost(
  config: HostConfig,
  ports: HostPorts,
  previous: HostConfig = emptyHostConfig,
): Promise<ObservedHost> {
  const paths = [...observedPaths(config), ...observedPaths(previous)];
  const [files, entries] = await Promise.all([
    observeFiles(paths, ports.files),
    Promise.all(
      resourceNames.map(async (name) => [name, await observeResource(name, config, previous, ports)] as const),
    ),
  ]);
  return { files, resources: Object.fromEntries(entries) as unknown as ObservedResources };
}
