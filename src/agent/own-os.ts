import type { BootFacts } from '../boot/boot-facts.ts';
import type { BootLoader } from '../boot/boot-loader.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import type { StepRecorder } from '../services/ports.ts';
import { BlessKeeper } from '../update/bless-keeper.ts';
import type { CheckResult, HealthCheck } from '../update/health-gate.ts';
import { isFailure, lacksBlessing, lastTakenBack, type OsEvent, type OsStatus } from '../update/os-status.ts';
import type { MetricFamily, Operator } from './agent-service.ts';
import type { Say } from './boot-console.ts';
import type { FailedRelease, ReleaseSummary } from './model.ts';
import type { OsRecords } from './os-records.ts';
import type { OsService } from './os-service.ts';
import type { OwnUpdates } from './own-updates.ts';
import type { ReleaseReporter } from './release-reporter.ts';
import type { AgentState } from './state/agent-state.ts';
import type { UpdateService } from './update-service.ts';
import type { VolumeKeeper } from './volumes/volume-keeper.ts';

/** The operating system, as the agent needs it. */
export interface Os extends OsService {
  /** What brings other releases; undefined where no boot loader was asked. */
  readonly updates?: UpdateService;
  /** For Prometheus. */
  metrics(): readonly MetricFamily[];
  /** For the host's status. */
  readonly summary: ReleaseSummary;
  readonly volumes: Pick<VolumeKeeper, 'declare' | 'engineCameUp'>;
}

export interface OwnOsDependencies {
  readonly version: string;
  readonly facts: BootFacts;
  readonly updates?: OwnUpdates;
  readonly loader: BootLoader;
  /** Those that are declared now. */
  readonly checks: () => readonly HealthCheck[];
  /** Tells the guard the deadline that is declared now. */
  readonly setDeadline: () => Promise<void>;
  /** Until the guard's deadline passes. */
  readonly secondsLeft: () => number;
  /** Tells the guard what does not hold, in a few words; empty: all holds. */
  readonly setBlockers: (text: string) => Promise<void>;
  readonly records: OsRecords;
  /** Tells whoever wants to hear it what failed here. */
  readonly reporter: Pick<ReleaseReporter, 'run' | 'counts'>;
  readonly volumes: VolumeKeeper;
  /** The agent's own data. */
  readonly state: Pick<AgentState, 'schema' | 'kept'>;
  /** All is being stopped. */
  readonly isStopping: () => boolean;
  /** Tells the guard that the release is blessed. */
  readonly release: () => Promise<void>;
  /** It is blessed just now. */
  readonly onBlessed: () => void;
  /** Restarts the machine, with all that a restart does before. */
  readonly reboot: () => Promise<void>;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  readonly say: Say;
}

/** The release that this host runs: on trial until its health gate is open, and whatever was here before. */
export class OwnOs implements Os {
  readonly updates?: OwnUpdates;
  readonly volumes: VolumeKeeper;
  readonly #deps: OwnOsDependencies;
  readonly #keeper: BlessKeeper;

  constructor(deps: OwnOsDependencies) {
    this.#deps = deps;
    this.volumes = deps.volumes;
    if (deps.updates !== undefined) this.updates = deps.updates;
    const { loader, checks, records, release, clock } = deps;
    this.#keeper = new BlessKeeper({
      ...{ loader, checks, release, clock },
      isEnding: () => deps.isStopping() || deps.updates?.isEnding === true,
      baseline: records,
      beforeLook: deps.setDeadline,
      afterLook: async (failing) => deps.setBlockers(failing.map(line).join('; ')),
      onBlessed: () => this.#noteBlessed('its health gate is open', health(deps.version)),
      onFoundBlessed: () => {
        // The power may go between the blessing and its note.
        if (lacksBlessing(records.events, deps.version)) void this.note('blessed', 'before this boot');
      },
      onProblem: (why) => deps.say(`os: ${why}`),
    });
  }

  /** Learns whether the release is blessed already, so that no first answer calls it on trial. */
  async recall(): Promise<void> {
    // What keeps it from knowing is told by the run, which insists.
    await this.#keeper.recall().catch(() => undefined);
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { version, records, say } = this.#deps;
    const failed = lastTakenBack(records.events);
    if (failed !== undefined && failed.version !== version)
      say(`os: ${failed.version} was taken back: ${failed.reason}`);
    await this.#tellTakenBack().catch((error: unknown) => say(`os: ${messageOf(error)}`));
    if (records.events.findLast(({ kind }) => kind === 'booted')?.version !== version)
      await this.note('booted', this.updates?.whyBooted ?? '');
    await Promise.all([this.#keeper.run(signal), this.updates?.run(signal), this.#deps.reporter.run(signal)]);
  }

  async #tellTakenBack(): Promise<void> {
    const { volumes, say } = this.#deps;
    const { takenBack } = await volumes.status();
    if (takenBack === null) return;
    const { version, volumes: names, directory } = takenBack;
    say(`os: ${names.join(', ')} as before ${version}; what it wrote there is in ${directory}`);
  }

  async osStatus(): Promise<OsStatus> {
    const { version, facts, loader, state, volumes, secondsLeft } = this.#deps;
    const bless = this.#keeper.state;
    const running = await loader.running();
    const entries = running === undefined ? [] : await loader.entries();
    return {
      version,
      ...facts,
      entries: entries.map((entry) => ({ ...entry, isRunning: entry.name === running?.name })),
      bless: bless.kind === 'blessed' ? bless : { ...bless, secondsLeft: secondsLeft() },
      rejected: this.#rejected(),
      state: { schema: state.schema, kept: state.kept },
      volumes: await volumes.status(),
    };
  }

  metrics(): readonly MetricFamily[] {
    const { pending, accepted, failures } = this.#deps.reporter.counts;
    const sample = (value: number): MetricFamily['samples'] => [{ value }];
    return [
      {
        ...{ name: 'berth_release_reports_pending', type: 'gauge', samples: sample(pending) },
        help: 'Releases that failed here and of which the server at berth.report.url has not heard.',
      },
      {
        ...{ name: 'berth_release_reports_accepted_total', type: 'counter', samples: sample(accepted) },
        help: 'Reports of releases that failed here which the server took.',
      },
      {
        ...{ name: 'berth_release_reports_failed_total', type: 'counter', samples: sample(failures) },
        help: 'Tries to report a release that failed here which the server did not take.',
      },
      {
        ...{ name: 'berth_os_rejections', type: 'gauge' },
        help: 'How often each OS release was taken back here, as far as the history goes.',
        samples: [...countsOf(this.#rejected())].map(([version, value]) => ({ labels: { version }, value })),
      },
    ];
  }

  async osHistory(): Promise<readonly OsEvent[]> {
    const { records } = this.#deps;
    // The guard may have written since.
    await records.takeTold();
    return records.events.toReversed();
  }

  /** Whether the running release has proved itself. */
  get isBlessed(): boolean {
    return this.#keeper.state.kind === 'blessed';
  }

  /** Adds to what happened here, unless it was the last that happened. What cannot be written down is told, and keeps nothing back. */
  async note(kind: OsEvent['kind'], reason: string, version = this.#deps.version): Promise<void> {
    const { records, clock, say } = this.#deps;
    const last = records.events.at(-1);
    if (last?.kind === kind && last.version === version && last.reason === reason) return;
    const event: OsEvent = { at: new Date(clock.now()).toISOString(), kind, version, reason };
    await records.add(event).catch((error: unknown) => say(`os: ${messageOf(error)}`));
  }

  get summary(): ReleaseSummary {
    const last = lastTakenBack(this.#deps.records.events);
    const takenBack = last === undefined ? null : summaryOf(last);
    const verdict = this.#deps.records.events.findLast(({ kind }) => kind === 'refused' || kind === 'blessed');
    const refused = verdict?.kind === 'refused' ? summaryOf(verdict) : null;
    const { staged = null, lastLook = null } = this.updates?.summary ?? {};
    return { version: this.#deps.version, isBlessed: this.isBlessed, takenBack, refused, staged, lastLook };
  }

  async blessOs({ manual }: { readonly manual: boolean }, { who, command }: Operator): Promise<OsStatus> {
    const verdict = await this.#keeper.blessNow({ manual });
    if (verdict.kind === 'not-proved')
      throw new BerthError(
        'BUSY',
        `${this.#deps.version} has not proved itself: ${verdict.failing.map(line).join('; ')}`,
        {
          retryable: true,
          hint: 'wait, or bless it all the same: berth os bless --manual',
        },
      );
    if (verdict.kind === 'blessed') this.#noteBlessed(`${who} said so`, { kind: 'operator', who, command });
    return this.osStatus();
  }

  async rollBackOs(
    { reason, force }: { readonly reason: string; readonly force: boolean },
    { who, command }: Operator,
  ): Promise<void> {
    const { loader, reboot, version, volumes } = this.#deps;
    const passed = volumes.forwardOnly;
    if (passed.length > 0 && !force) {
      const why = `services ran under ${version} with volumes that go forward only: ${passed.join(', ')}`;
      await this.note('rollback-blocked', `${who} asked for it; ${why}`);
      throw new BerthError('HOST_REFUSED', why, {
        hint: 'go back all the same, with these volumes as they are: berth os rollback --force',
      });
    }
    const running = await loader.running();
    if (running === undefined)
      throw new BerthError('UNSUPPORTED', 'no boot loader started this system: there is nothing to go back to');
    const why = (reason === '' ? `${who} rolled it back` : `${who} rolled it back: ${reason}`).replaceAll('\n', ' ');
    // As the guard writes it: should the power go before the history has it, it is taken from there.
    await loader.reject(running.name, `${new Date(this.#deps.clock.now()).toISOString().slice(0, 19)}Z ${why}`);
    // Else the other release would hold their services.
    if (passed.length > 0)
      await volumes.letGoBack().catch((error: unknown) => {
        // Its entry is gone already: there is no staying.
        const held = `services with ${passed.join(', ')} stay stopped under the other release: berth service start NAME`;
        this.#deps.say(`os: ${held} (${messageOf(error)})`);
      });
    await this.note('rolled-back', why);
    this.#record('roll-back-release', `leave ${this.#deps.version}: ${why}`, 'reboot', {
      kind: 'operator',
      who,
      command,
    });
    await reboot();
  }

  #rejected(): OsEvent[] {
    return this.#deps.records.events.filter(isFailure).toReversed();
  }

  #noteBlessed(why: string, reason: Reason): void {
    const { version, say } = this.#deps;
    say(`os: ${version} is blessed: ${why}`);
    void this.note('blessed', why);
    this.#record('bless-release', `keep ${version}: ${why}`, 'live', reason);
    this.#deps.onBlessed();
  }

  #record(kind: string, summary: string, cost: 'live' | 'reboot', reason: Reason): void {
    const { version, recorder, clock } = this.#deps;
    const subject = `os/${version}`;
    recorder.record({ at: clock.now(), kind, subject, cost, summary, reason, durationMs: 0, outcome: 'done' });
  }
}

function countsOf(events: readonly OsEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { version } of events) counts.set(version, (counts.get(version) ?? 0) + 1);
  return counts;
}

const health = (version: string): Reason => ({ kind: 'health', service: `release ${version}`, result: 'healthy' });

const line = ({ name, detail }: CheckResult): string => `${name}: ${detail}`;

function summaryOf({ version, reason, at }: OsEvent): FailedRelease {
  return { version, reason, at };
}
