import type { ComposeModel } from '../../config/service-spec.ts';

/** What the host adds to the config: where things are, and what an operator switched. */
export interface DesiredContext {
  /** Names this Berth on a shared engine. */
  readonly instance: string;
  /** Directory of materialised secrets and configs. */
  readonly filesDirectory: string;
  /** The catalogue's services as they are on this host, each with the networks, volumes and files it brings. */
  readonly catalogue: ReadonlyMap<string, ComposeModel>;
  /** True when the user engine is Berth's own `docker` service rather than an engine that is there anyway. */
  readonly userEngineIsService: boolean;
  /** Operator's `berth service enable|disable`. */
  readonly overlay: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  readonly environment: Readonly<Record<string, string>>;
}
