import { readFile, rm } from 'node:fs/promises';
import { release, uptime } from 'node:os';
import { basename, join } from 'node:path';
import type { BootEntry } from '../boot/boot-entry.ts';
import { type BootFacts, findSibling } from '../boot/boot-facts.ts';
import type { BootLoader } from '../boot/boot-loader.ts';
import { readLoaderVariable, readVariable } from '../boot/efi-variables.ts';
import { SecureBoot } from '../boot/secure-boot.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { Reason } from '../core/plan.ts';
import { runCommand } from '../engine/run-command.ts';
import { readMounts } from '../host/linux-kernel.ts';
import { missingMount } from '../host/mounts/missing-mount.ts';
import type { StepRecorder } from '../services/ports.ts';
import type { ImageStore } from '../update/bundle/image-store.ts';
import { foreseeRefusal, type KernelGate } from '../update/machine/kernel-gate.ts';
import { UpdateKeeper } from '../update/machine/update-keeper.ts';
import { type RunningRelease, Updater, type UpdateStepReport } from '../update/machine/updater.ts';
import { isFailure, type OsEvent } from '../update/os-status.ts';
import type { RebootHook } from '../update/reboot/hooks.ts';
import { openReboots } from '../update/reboot/open-reboots.ts';
import type { StagedRelease } from '../update/reboot/reboot-state.ts';
import { KeptAnswers } from '../update/tuf/kept-answers.ts';
import type { Medium } from './medium.ts';
import { OwnUpdates } from './own-updates.ts';
import { UpdateMemoryFile } from './update-memory-file.ts';
import { policyOf, proxyOf, readRoot, readShippedFeed } from './update-settings.ts';

export interface HostUpdatesOptions {
  readonly running: { readonly name: string; readonly version: string };
  readonly facts: BootFacts;
  readonly loader: BootLoader;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** Of the image's build: milliseconds since the epoch. */
  readonly builtMs: number;
  readonly config: () => HostConfig;
  readonly isBlessed: () => boolean;
  /** What became of releases here. */
  readonly events: () => readonly OsEvent[];
  readonly note: (kind: OsEvent['kind'], version: string, why: string) => Promise<void>;
  /** A release used up its tries. Does not reject. */
  readonly noteUsedUp: (entry: BootEntry) => Promise<void>;
  /** What else must hold before a release is taken. Throws HOST_REFUSED. */
  readonly admit: () => Promise<void>;
  /** The running release has proved itself, or another one took the place of the one before: nothing goes back to that. */
  readonly onProved: () => Promise<void>;
  /** Since when kernel arguments wait for the next boot, in milliseconds since the epoch. */
  readonly stagedArguments: () => number | undefined;
  /** Has a release tried with the kernel arguments of the one that runs. */
  readonly carryArguments: (name: string) => Promise<void>;
  /** What to tell whoever looks at a release that is offered. */
  readonly warnings: () => readonly string[];
  /** What services that run want to do before a restart. */
  readonly hooks: () => readonly RebootHook[];
  readonly runHook: (hook: RebootHook, signal: AbortSignal) => Promise<void>;
  /** Restarts the machine, with all that a restart does before. */
  readonly reboot: () => Promise<void>;
  /** Service images that come with a release. */
  readonly imageStore: ImageStore;
  readonly medium: Medium;
  readonly recorder: StepRecorder;
  readonly say: (line: string) => void;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Puts together what brings other releases to this host, and restarts into them. */
export async function openUpdates(options: HostUpdatesOptions): Promise<OwnUpdates> {
  const { facts, loader, stateDirectory, config, isBlessed, events, note, recorder, onProblem, clock, random } =
    options;
  const running: RunningRelease = {
    ...options.running,
    ...{ device: facts.device, rootHash: facts.rootHash },
    dataBlocks: await readDataBlocks(facts.rootHash),
  };
  const shipped = await readShippedFeed();
  const policy = () => policyOf(config(), shipped);
  const answers = new KeptAnswers();
  const hostId = (await readFile('/etc/machine-id', 'utf8')).trim();
  const kernelGate: KernelGate = new SecureBoot({
    ...{ readVariable, run: runCommand },
    directory: join(options.runDirectory, 'kernel-check'),
  });
  const updater = await openUpdater(options, running, kernelGate, async (target, atMs) =>
    keeper.noteTaken(target, atMs),
  );
  const keeper: UpdateKeeper = new UpdateKeeper({
    ...{ updater, loader, running, policy, kernelGate, note, isBlessed, onProblem, clock, random },
    memory: await UpdateMemoryFile.open(join(stateDirectory, 'updates.json')),
    host: { id: hostId, architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', kernel: kernelFlavour() },
    open: async (location) => {
      const { feed, channel } = policy();
      const place = location ?? feed;
      if (place === undefined)
        throw new BerthError('CONFIG_INVALID', 'this host has no release repository', {
          hint: 'declare berth.update.feed, or name one: berth os update --from PLACE',
        });
      const never = new AbortController().signal;
      const { openReleaseSource } = await import('../update/machine/open-release-source.ts');
      return openReleaseSource({
        location: await options.medium.resolve(place, never),
        ...{ channel, answers, builtMs: options.builtMs, clock, random },
        root: await readRoot(config()),
        storeDirectory: join(stateDirectory, 'releases'),
        proxy: proxyOf(config()),
      });
    },
    rejectedVersions: () =>
      new Set(
        events()
          .filter(isFailure)
          .map(({ version }) => version),
      ),
    takeImages: async (images, source, signal) => options.imageStore.take(images, source, signal),
    noteUsedUp: options.noteUsedUp,
    bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    uptimeMs: () => uptime() * 1000,
    builtMs: options.builtMs,
    whyPassedOver,
    onProved: options.onProved,
    onStaged: () => reboots.keeper.wake(),
    onRevoked: async (versions) => {
      // The next look says it again.
      const isFree = await reboots.keptPermit.excuse(versions).catch((error: unknown) => onProblem(messageOf(error)));
      if (isFree === true) reboots.keeper.wake();
    },
  });
  const reboots = await openReboots({
    ...{ stateDirectory, hostId, isBlessed, clock, random, onProblem },
    ...{ hooks: options.hooks, runHook: options.runHook, say: options.say },
    ...{ running: running.version, events, note },
    config: () => config().update,
    missingMount: async (path) => missingMount(path, config().mounts, await readMounts()),
    staged: () => keeper.staged.waiting ?? stagedArguments(running.version, options.stagedArguments()),
    reboot: async (why) => {
      const version = keeper.staged.waiting?.version ?? running.version;
      await keeper.staged.noteRestart(why);
      const reason: Reason = updates.restartReason ?? { kind: 'drift', detail: why };
      recorder.record({
        ...{ at: clock.now(), kind: 'restart-host', subject: `os/${version}`, cost: 'reboot', reason },
        ...{ summary: `restart into ${version}: ${why}`, durationMs: 0, outcome: 'done' },
      });
      await options.reboot();
    },
  });
  const updates = new OwnUpdates({
    ...{ keeper, reboots, running, clock },
    waits: () => keeper.staged.waiting !== undefined || options.stagedArguments() !== undefined,
    updateConfig: () => config().update,
    warnings: options.warnings,
    verifySlot: async (signal) =>
      (await import('../update/transfer/verify-slot.ts')).verifySlot(running.device, running, signal),
  });
  return updates;
}

/** The same release, with other arguments. Pure. */
function stagedArguments(version: string, stagedAtMs: number | undefined): StagedRelease | undefined {
  return stagedAtMs === undefined ? undefined : { version, what: 'kernel arguments', stagedAtMs, isUrgent: false };
}

/** Its menu sets this variable: systemd-boot(7), key `d`. */
async function whyPassedOver(): Promise<string> {
  const chosen = await readLoaderVariable('LoaderEntryDefault').catch(() => undefined);
  const why = chosen === undefined ? '' : `: ${chosen} was made its default in its menu; take that back there (key d)`;
  return `the boot loader did not try it, though the host restarted for it${why}`;
}

async function openUpdater(
  {
    facts,
    loader,
    stateDirectory,
    runDirectory,
    config,
    isBlessed,
    recorder,
    clock,
    admit,
    carryArguments,
    onProblem,
  }: HostUpdatesOptions,
  running: RunningRelease,
  gate: KernelGate,
  onStaged: ConstructorParameters<typeof Updater>[0]['onStaged'],
): Promise<Updater> {
  const partDirectory = join(stateDirectory, 'kernel-part');
  const device = await findSibling(facts.device, facts.slot === 'a' ? 'berth-b' : 'berth-a');
  return new Updater({
    ...{ running, loader, isBlessed, onStaged, clock },
    admit: async (manifest) => {
      const refusal = await foreseeRefusal(gate, manifest);
      if (refusal !== undefined) throw refusal;
      await admit();
    },
    accompany: async (name) => carryArguments(name).catch((error: unknown) => onProblem(messageOf(error))),
    target: { device, bytes: await sizeOf(device) },
    // Loaded when a release is fetched: a host that does not update carries none of it.
    writeSlot: async (order) => (await import('../update/machine/fetch.ts')).fetchSlot(order, clock),
    kernel: async (order, signal) => {
      const { kernelOf } = await import('../update/machine/fetch.ts');
      const rateLimit = config().update.rateLimitBytes;
      const limit = rateLimit === undefined ? {} : { rateLimit };
      const file = join(runDirectory, 'running-kernel');
      return kernelOf(order, { loader, name: running.name, file, partDirectory, gate, clock, ...limit }, signal);
    },
    rateLimit: () => config().update.rateLimitBytes,
    onStep: (step) => {
      recordStep(recorder, step, clock.now());
      // It is on the EFI partition now. What stays for want of luck goes at the next update.
      if (step.kind === 'activate-release' && step.error === undefined)
        void rm(partDirectory, { recursive: true, force: true }).catch(() => undefined);
    },
  });
}

/** From the kernel's command line, which the initrd took it from, too. Throws STORE_CORRUPT. */
async function readDataBlocks(rootHash: string): Promise<number> {
  const commandLine = await readFile('/proc/cmdline', 'utf8');
  const blocks = new RegExp(`(?:^| )berth[.]usr=${rootHash}:(\\d+)`).exec(commandLine)?.[1];
  if (blocks === undefined)
    throw new BerthError('STORE_CORRUPT', 'the kernel’s command line does not name the running slot');
  return Number(blocks);
}

const sectorBytes = 512;

async function sizeOf(device: string): Promise<number> {
  return Number(await readFile(`/sys/class/block/${basename(device)}/size`, 'utf8')) * sectorBytes;
}

/** Which of Debian's kernels runs: image/os/packages.ts. */
function kernelFlavour(): string {
  return /-cloud-/.test(release()) ? 'cloud' : 'generic';
}

function recordStep(recorder: StepRecorder, step: UpdateStepReport, at: number): void {
  const { kind, target, reason, summary, durationMs, error } = step;
  recorder.record({
    ...{ at, kind, reason, summary, durationMs },
    subject: `os/${target.version}`,
    cost: 'live',
    outcome: error === undefined ? 'done' : 'failed',
    ...(error === undefined ? {} : { error }),
  });
}
