import type { ServiceSpec } from './service-keys.ts';
import type { FileSpec, NetworkSpec, VolumeSpec } from './types.ts';

/** The Compose part of a host config. */
export interface ComposeModel {
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly networks: Readonly<Record<string, NetworkSpec>>;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  readonly secrets: Readonly<Record<string, FileSpec>>;
  readonly configs: Readonly<Record<string, FileSpec>>;
}
