import type { ComposeModel } from '../../config/service-spec.ts';
import type { EngineView } from '../host-sources.ts';

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
  /** Somebody uses it, whatever is declared. */
  readonly userEngineIsDemanded?: boolean;
  /** What it sees of the machine's files; absent: everything. */
  readonly engineView?: EngineView;
  /** Why that service must not run here. */
  readonly ownUserEngineProblem?: string;
  /** Operator's `berth service enable|disable`. */
  readonly overlay: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  readonly environment: Readonly<Record<string, string>>;
}
