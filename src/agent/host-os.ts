import { readFile, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { type BootEntry, isRelease } from '../boot/boot-entry.ts';
import type { SystemdBoot } from '../boot/systemd-boot.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { compareVersions } from '../core/release-version.ts';
import { replaceFile, writeDurably } from '../engine/durable-file.ts';
import { runCommand } from '../engine/run-command.ts';
import type { MountTrouble } from '../host/mounts/trouble.ts';
import type { ImageSource } from '../services/executor.ts';
import type { StepRecorder } from '../services/ports.ts';
import type { ImageStore } from '../update/bundle/image-store.ts';
import { hasOpenEnd } from '../update/os-status.ts';
import type { RebootHook } from '../update/reboot/hooks.ts';
import type { Say } from './boot-console.ts';
import type { BootEntries } from './boot-entries.ts';
import type { EngineSet } from './engine-set.ts';
import { guardCheck } from './guard-check.ts';
import { openUpdates } from './host-updates.ts';
import { imageDirectories } from './image-directories.ts';
import type { Medium } from './medium.ts';
import type { HostStatus } from './model.ts';
import { mountChecks } from './mount-checks.ts';
import { osChecks } from './os-checks.ts';
import { OsRecords } from './os-records.ts';
import { OwnOs } from './own-os.ts';
import { postReport } from './post-report.ts';
import { type ReleaseReportFacts, releaseReport } from './release-report.ts';
import { ReleaseReporter } from './release-reporter.ts';
import type { AgentState } from './state/agent-state.ts';
import { userChecks } from './user-checks.ts';
import { berthVersion } from './version.ts';
import { VolumeFiles } from './volumes/volume-files.ts';
import { type ServiceHolds, VolumeKeeper } from './volumes/volume-keeper.ts';

export interface HostOsOptions {
  readonly instance: string;
  /** Rejects when they could not be found. */
  readonly boot: Promise<BootEntries>;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** The API's socket. */
  readonly socket: string;
  readonly engines: EngineSet;
  readonly images: ImageSource;
  /** Service images that come with a release. */
  readonly imageStore: ImageStore;
  readonly medium: Medium;
  readonly recorder: StepRecorder;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly say: Say;
  /** False when the state partition could not be read: /var is memory. */
  readonly keepsState: boolean;
  /** True until the config of this boot was brought about. */
  readonly isChanging: () => boolean;
  /** The mounts that are not as declared. */
  readonly mountTroubles: () => readonly MountTrouble[];
  /** The agent's own data. */
  readonly state: AgentState;
  /** Services that are kept from running. */
  readonly holds: () => ServiceHolds;
  readonly status: () => Promise<HostStatus>;
  /** What is declared at present. */
  readonly config: () => HostConfig;
  /** Resolves when there is a network; rejects when aborted. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  /** A text without the secrets of what is declared. */
  readonly redact: (text: string) => string;
  /** What services that run want to do before a restart. */
  readonly hooks: () => readonly RebootHook[];
  readonly runHook: (hook: RebootHook, signal: AbortSignal) => Promise<void>;
  /** All is being stopped. */
  readonly isStopping: () => boolean;
  /** The running release has proved itself just now: what waited for that can be done. */
  readonly onBlessed: () => void;
}

/** What is kept for a release to go back to goes with it. */
async function forgetPredecessor({
  loader,
  running,
  state,
  volumes,
}: {
  readonly loader: Pick<SystemdBoot, 'entries'>;
  readonly running: { readonly name: string; readonly version: string };
  readonly state: AgentState;
  readonly volumes: VolumeKeeper;
}): Promise<void> {
  await volumes.forgetCopies();
  const others = (await loader.entries()).filter(({ name }) => name !== running.name);
  // An operator may still go back to an older one, which reads what it left.
  if (!others.some(({ version }) => compareVersions(version, running.version) < 0)) await state.forgetKept();
}

/** The guard's own (image/os/root/usr/lib/berth/guard), counted as all from the start of the kernel. */
export const defaultDeadlineSeconds = 300;
/** What the guard adds to its reason. */
const mostBlockerText = 300;

/** Puts together what looks after the release that this host booted. */
export async function openOs(options: HostOsOptions): Promise<OwnOs> {
  const { stateDirectory, runDirectory, engines, recorder, clock, say, config, state } = options;
  const { facts, loader, kernelArguments } = await options.boot;
  const systemEngine = engines.handles.find(({ name }) => name === 'system')?.engine;
  if (systemEngine === undefined) throw new BerthError('ENGINE_UNREACHABLE', 'this host has no system engine');
  const builtMs = Number(await readFile(imageDirectories.marker, 'utf8')) * 1000;
  const running = await loader.running();
  const version = running?.version ?? berthVersion;
  const ownChecks = [...osChecks({ ...options, systemEngine, builtMs }), guardCheck(runDirectory, uptime)];
  let deadline: number | undefined;
  let blockers: string | undefined;
  const records = await OsRecords.open(stateDirectory);
  const reboot = async (): Promise<void> => {
    await runCommand(imageDirectories.power, ['reboot']);
  };
  const onProblem = (why: string): void => say(`os: ${why}`);
  const volumes = new VolumeKeeper({
    files: new VolumeFiles(stateDirectory),
    running: { rootHash: facts.rootHash, version },
    isBlessed: () => os.isBlessed,
    holds: {
      held: () => options.holds().held(),
      stopped: () => options.holds().stopped(),
      hold: async (held) => {
        say(`os: ${held.service} does not run: ${held.why}`);
        await os.note('services-held', `${held.service} does not run: ${held.why}`);
        await options.holds().hold(held);
      },
      lift: async (service) => options.holds().lift(service),
    },
    onProblem,
  });
  const noteUsedUp = async (entry: BootEntry): Promise<void> =>
    records
      .takeUsedUp(entry, new Date(clock.now()).toISOString())
      .catch((error: unknown) => onProblem(messageOf(error)));
  // The guard notes it there first: the state partition may have been full, or the power went before it noted it here, too.
  if (running !== undefined && hasOpenEnd(records.events, version)) {
    const found = await loader.rejections().catch((error: unknown) => {
      onProblem(messageOf(error));
      return [];
    });
    for (const { name, text } of found) await records.takeRejected(name, text);
    // Before what is declared is taken up: what was applied under it goes with it.
    for (const entry of await loader.entries().catch(() => []))
      if (entry.name !== running.name && isRelease(entry.name) && entry.tries?.left === 0) await noteUsedUp(entry);
  }
  const updates =
    running === undefined
      ? undefined
      : await openUpdates({
          ...{ running, facts, loader, stateDirectory, runDirectory, builtMs, config, recorder, clock, say },
          ...{ random: options.random, hooks: options.hooks, runHook: options.runHook, reboot, onProblem },
          ...{ imageStore: options.imageStore, medium: options.medium },
          isBlessed: () => os.isBlessed,
          events: () => records.events,
          note: async (kind, about, why) => os.note(kind, why, about),
          noteUsedUp,
          admit: async () => volumes.requireCopies(),
          warnings: () => volumes.warnings,
          carryArguments: async (name) => kernelArguments.carry(name),
          // All else of a config comes first.
          stagedArguments: () => (options.isChanging() ? undefined : kernelArguments.stagedAtMs),
          onProved: async () => forgetPredecessor({ loader, running, state, volumes }),
        });
  const os: OwnOs = new OwnOs({
    ...(updates === undefined ? {} : { updates }),
    ...{ version, facts, loader, recorder, clock, say, volumes, state },
    checks: () => [
      ...ownChecks,
      ...mountChecks(config().mounts, options.mountTroubles),
      ...userChecks(config().update.health),
    ],
    setDeadline: async () => {
      const seconds = config().update.health?.deadlineSeconds;
      if (seconds === undefined || seconds === deadline) return;
      await writeDurably(join(runDirectory, 'health-deadline'), `${seconds}\n`);
      deadline = seconds;
    },
    secondsLeft: () => Math.max(0, Math.round((deadline ?? defaultDeadlineSeconds) - uptime())),
    setBlockers: async (text) => {
      if (text === blockers) return;
      // What the guard reads must be whole.
      await replaceFile(
        join(runDirectory, 'unhealthy'),
        `${text.replaceAll('\n', ' ').slice(0, mostBlockerText)}\n`,
        0o600,
      );
      blockers = text;
    },
    records,
    reporter: await openReporter(options, records, () => ({ taken: updates?.taken ?? [], runs: version })),
    release: async () => writeFile(join(runDirectory, 'blessed'), ''),
    isStopping: options.isStopping,
    onBlessed: options.onBlessed,
    reboot,
  });
  return os;
}

async function openReporter(
  { stateDirectory, config, redact, whenOnline, say, clock, random }: HostOsOptions,
  records: OsRecords,
  facts: () => Pick<ReleaseReportFacts, 'taken' | 'runs'>,
): Promise<ReleaseReporter> {
  const read = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
  const [machineId, bootId] = await Promise.all([read('/etc/machine-id'), read('/proc/sys/kernel/random/boot_id')]);
  return new ReleaseReporter({
    file: join(stateDirectory, 'release-reports.json'),
    events: () => records.events,
    report: (event) =>
      // Early in a boot the kernel has another name yet.
      releaseReport({ event, ...facts(), machineId, bootId, hostname: config().hostname ?? hostname(), redact }),
    url: () => config().report.url,
    post: postReport(),
    onProblem: (why) => say(`os: ${why}`),
    ...{ whenOnline, clock, random },
  });
}
