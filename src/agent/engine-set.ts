import type { EngineName } from '../config/service-spec.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';
import type { Quietly } from '../engine/engine-supervisor.ts';
import type { Desired } from '../services/model.ts';
import type { EngineHandle } from '../services/observe.ts';
import type { EngineStatus } from './model.ts';

/** The host's engines, started as they are needed. */
export interface EngineSet {
  readonly handles: readonly EngineHandle[];
  /** True when the user engine is Berth's own `docker` service. */
  readonly userEngineIsService: boolean;
  /** Why Berth's own `docker` service must not run on this machine; undefined when it may. */
  readonly ownUserEngineProblem: string | undefined;
  /** False for an engine that others use, too: what is unused by us may be theirs. */
  isOwn(name: EngineName): boolean;
  statuses(): EngineStatus[];
  /** What the system engine runs with; undefined while it does not run. */
  readonly systemSettings: EngineSettings | undefined;
  /**
   * The system engine's settings from now on; restarts it when it runs with others.
   * Throws ENGINE_START_FAILED when it does not start with them: then it runs as before.
   */
  configure(settings: EngineSettings): Promise<void>;
  /** From now on the system engine is ended and started by way of this. To be called before anything is {@link declared}. */
  disturbSystemBy(quietly: Quietly): void;
  /** These are to run: have the engines running that they need. Returns at once; a failure shows in the status. */
  declared(desired: Desired): void;
  /** True when somebody used the user engine's socket while nothing declared needed that engine. */
  readonly isUserEngineDemanded: boolean;
  /** Calls back with the socket when that happens; who returns false lets nobody wait. */
  onUserEngineDemand(listener: (socket: string) => boolean): void;
  /** An engine's event stream came up or broke. */
  onConnection(name: EngineName, isUp: boolean, why: string): void;
}
