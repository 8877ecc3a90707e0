import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import type { EngineEvent } from '../engine/container-engine.ts';
import { Changes } from './changes.ts';
import { Dying } from './dying.ts';
import { watchEngine } from './engine-watch.ts';
import type { Observed, ObservedEngine } from './model.ts';
import { label } from './names.ts';
import { type EngineHandle, EngineObserver } from './observe.ts';
import type { StepRecorder } from './ports.ts';

/** How long a look for a plan serves the round that carries the plan out. */
const freshMs = 100;
/** How long after a look at everything it is enough to look at what has changed. */
const completeMs = 5000;
/** Of more services than these, one list of all is quicker. */
const fewServices = 4;

/** What was seen, and what was being done meanwhile. */
export interface FreshLook {
  readonly observed: Observed;
  /** Kind of the step that was under way when it began, by subject. */
  readonly busy: ReadonlyMap<string, string>;
  /** When it was over: `performance.now()`. */
  readonly at: number;
  /** The moment of {@link Changes} when it began. */
  readonly since: number;
  /** When everything was looked at: `performance.now()`. */
  readonly completeAt: number;
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
  readonly #changes = new Changes();
  /** Watches that wait before they ask an engine again. */
  readonly #pauses = new Map<EngineName, AbortController>();
  /** Engines that came up while no watch was waiting. */
  readonly #cameUp = new Set<EngineName>();
  #fresh: FreshLook | undefined;
  /** The newest of all looks. */
  #last: FreshLook | undefined;

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
    return this.#lookWith((observer) => observer.look(signal));
  }

  /** The look of a plan that was made just now, unless something happened since; else a new one, of what has changed. */
  async freshLook(signal: AbortSignal): Promise<FreshLook> {
    const look = this.#fresh;
    this.#fresh = undefined;
    const now = performance.now();
    const isFresh = look !== undefined && now - look.at < freshMs && this.#changes.since(look.since)?.length === 0;
    if (isFresh) return look;
    const last = this.#last;
    const changed = last === undefined ? undefined : this.#changes.since(last.since);
    const isPartial = changed !== undefined && changed.length > 0 && changed.length <= fewServices;
    if (last === undefined || !isPartial || now - last.completeAt > completeMs) return this.look(signal);
    return this.#lookWith(async (observer, name) => {
      const before = last.observed.engines[name];
      return before === undefined ? observer.look(signal) : observer.lookAgain(before, changed, signal);
    }, last.completeAt);
  }

  async #lookWith(
    lookAt: (observer: EngineObserver, name: EngineName) => Promise<ObservedEngine>,
    completeAt?: number,
  ): Promise<FreshLook> {
    const busy = this.#deps.busy();
    const since = this.#changes.now;
    const engines: Partial<Record<EngineName, ObservedEngine>> = {};
    await Promise.all(
      [...this.#observers].map(async ([name, observer]) => {
        // One that does not answer is absent: its services wait, and the watch tells when it is back.
        const seen = await lookAt(observer, name).catch(() => undefined);
        if (seen !== undefined) engines[name] = seen;
      }),
    );
    const at = performance.now();
    const look = { observed: { engines }, busy, at, since, completeAt: completeAt ?? at };
    // Looks may overlap: what began earlier knows less.
    if (this.#last === undefined || this.#last.since <= since) this.#last = look;
    return look;
  }

  /** A look that the next round may use. */
  keep(look: FreshLook): void {
    this.#fresh = look;
  }

  /** Containers of a service changed. */
  outdate(service: string): void {
    this.#changes.noteService(service);
  }

  /** Anything may have changed on an engine: networks, volumes and images, too. */
  outdateAll(engine: EngineName): void {
    this.#changes.noteAnything();
    this.#observers.get(engine)?.forget();
  }

  /** True when a container that has died is still listed as running. */
  isBehind(observed: Observed, now: number): boolean {
    return this.#dying.isAwaited(observed, now);
  }

  /** An engine answers now: whoever waits before asking it again need not. */
  engineCameUp(engine: EngineName): void {
    const pause = this.#pauses.get(engine);
    if (pause === undefined) this.#cameUp.add(engine);
    else pause.abort();
  }

  async #pause(engine: EngineName, ms: number, signal: AbortSignal): Promise<void> {
    // It came up while it was being asked.
    if (this.#cameUp.delete(engine)) return;
    const end = new AbortController();
    this.#pauses.set(engine, end);
    await this.#deps.clock.sleep(ms, AbortSignal.any([signal, end.signal])).catch(() => undefined);
    this.#pauses.delete(engine);
  }

  async #watchOne(handle: EngineHandle, signal: AbortSignal): Promise<void> {
    const onResources = (): void => {
      this.outdateAll(handle.name);
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
      (ms) => this.#pause(handle.name, ms, signal),
      signal,
    );
  }

  #onContainer(event: EngineEvent): void {
    if (event.attributes[label.instance] !== this.#deps.instance) return;
    const service = event.attributes[label.service] ?? '';
    this.outdate(service);
    this.#dying.note(event, this.#deps.clock.now());
    this.#deps.onContainer(service, event);
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
