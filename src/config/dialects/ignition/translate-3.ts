import type { IgnitionConfig } from './model.ts';

/** A config of version 3.`minor` in the words of the newest version: before 3.6 a mode has permission bits only. Pure. */
export function translateFrom3(config: IgnitionConfig, minor: number): IgnitionConfig {
  if (minor >= 6 || config.storage === undefined) return config;
  const masked = <T extends { readonly mode?: number }>(node: T): T =>
    node.mode === undefined ? node : { ...node, mode: node.mode & 0o777 };
  const { files, directories } = config.storage;
  return {
    ...config,
    storage: {
      ...config.storage,
      ...(files === undefined ? {} : { files: files.map(masked) }),
      ...(directories === undefined ? {} : { directories: directories.map(masked) }),
    },
  };
}
