import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import { Dying } from './dying.ts';
import { watchEngine } from './engine-watch.ts';
import type { Observed, ObservedEngine } from './model.ts';
import { label } from './names.ts';
import { type EngineHandle, EngineObserver } from './observe.ts';
import type { StepRecorder } from './ports.ts';

/** How long a look for a plan serves the round that carries the plan out. */
const freshMs = 100;

/** What was seen, and what was being done meanwhile. */
export interface FreshLook {
  readonly observed: Observed;
  /** Kind of the step that was under way when it began, by subject. */
  readonly busy: ReadonlyMap<string, string>;
  /** When it was over: `performance.now()`. */
  readonly at: number;
}

export interface LookoutDependencies {
  readonly instance: string;
  readonly engines: readonly EngineHandle[];
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  /** Kind of the step under way now, by subject. */
  readonly busy: () => ReadonlyMap<string, string>;
  /** Called when an engine stops or starts answering. */
  readonly onEngine: (name: EngineName, isUp: boolean, why: string) => void;
  /** Something other than a container changed, or anything may have. */
  readonly onResources: () => void;
  /** Something happened to a container of this service. */
  readonly onContainer: (service: string, event: EngineEvent) => void;
}

/** Watches the engines and looks at what is on them. */
export class Lookout {
  readonly #deps: LookoutDependencies;
  readonly #observers: ReadonlyMap<EngineName, EngineObserver>;
  readonly #connected = new Map<EngineName, boolean>();
  readonly #dying = new Dying();
  #fresh: FreshLook | undefined;

  constructor(deps: LookoutDependencies) {
    this.#deps = deps;
    this.#observers = new Map(
      deps.engines.map(({ name, engine }) => [name, new EngineObserver(engine, deps.instance)]),
    );
  }

  /** Follows the events of all engines until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#deps.engines.map((handle) => this.#watchOne(handle, signal)));
  }

  /** Looks at every engine now. */
  async look(signal?: AbortSignal): Promise<FreshLook> {
    const busy = this.#deps.busy();
    const engines: Partial<Record<EngineName, ObservedEngine>> = {};
    await Promise.all(
      [...this.#observers].map(async ([name, observer]) => {
        // One that does not answer is absent: its services wait, and the watch tells when it is back.
        const seen = await observer.look(signal).catch(() => undefined);
        if (seen !== undefined) engines[name] = seen;
      }),
    );
    return { observed: { engines }, busy, at: performance.now() };
  }

  /** The look of a plan that was made just now, unless something happened since; else a new one. */
  async freshLook(signal: AbortSignal): Promise<FreshLook> {
    const look = this.#fresh;
    this.#fresh = undefined;
    return look !== undefined && performance.now() - look.at < freshMs ? look : await this.look(signal);
  }

  /** A look that the next round may use. */
  keep(look: FreshLook): void {
    this.#fresh = look;
  }

  /** A step of ours changed something: containers, and with `engine` also networks, volumes or images there. */
  outdate(engine?: EngineName): void {
    this.#fresh = undefined;
    if (engine !== undefined) this.#observers.get(engine)?.forget();
  }

  /** True when a container that has died is still listed as running. */
  isBehind(observed: Observed, now: number): boolean {
    return this.#dying.isAwaited(observed, now);
  }

  async #watchOne(handle: EngineHandle, signal: AbortSignal): Promise<void> {
    const onResources = (): void => {
      this.outdate(handle.name);
      this.#deps.onResources();
    };
    const onConnection = (isUp: boolean, why: string): void => {
      this.#deps.onEngine(handle.name, isUp, why);
      this.#recordConnection(handle.name, isUp, why);
      onResources();
    };
    await watchEngine(
      handle,
      { onContainer: (event) => this.#onContainer(event), onResources, onConnection },
      this.#deps.clock,
      signal,
    );
  }

  #onContainer(event: EngineEvent): void {
    if (event.attributes[label.instance] !== this.#deps.instance) return;
    this.outdate();
    this.#dying.note(event, this.#deps.clock.now());
    this.#deps.onContainer(event.attributes[label.service] ?? '', event);
  }

  /** An engine that went away, and that it is back: part of a host's story, though no step of ours. */
  #recordConnection(name: EngineName, isUp: boolean, why: string): void {
    const wasUp = this.#connected.get(name);
    this.#connected.set(name, isUp);
    if (wasUp === undefined || wasUp === isUp) return;
    this.#deps.recorder.record({
      at: this.#deps.clock.now(),
      kind: isUp ? 'engine-found' : 'engine-lost',
      subject: `engine/${name}`,
      cost: 'live',
      reason: { kind: 'drift', detail: isUp ? `the ${name} engine answers again` : `the ${name} engine went away` },
      summary: isUp ? `look at the ${name} engine again` : `wait for the ${name} engine`,
      outcome: isUp ? 'done' : 'failed',
      durationMs: 0,
      ...(isUp ? {} : { error: why }),
    });
  }
}
