import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { type BootFacts, findSibling } from '../boot/boot-facts.ts';
import type { BootLoader } from '../boot/boot-loader.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError } from '../core/errors.ts';
import { isMissing } from '../engine/durable-file.ts';
import type { StepRecorder } from '../services/ports.ts';
import { UpdateKeeper, type UpdatePolicy } from '../update/machine/update-keeper.ts';
import { type RunningRelease, Updater, type UpdateStepReport } from '../update/machine/updater.ts';
import type { OsEvent } from '../update/os-status.ts';
import { imageDirectories } from './image-directories.ts';
import { UpdateMemoryFile } from './update-memory-file.ts';

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
  readonly recorder: StepRecorder;
  readonly onStaged: () => void;
  readonly onProblem: (why: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Where releases come from as the image has it, when no config says anything else. */
interface ShippedFeed {
  readonly feed?: string;
  readonly channel?: string;
}

/** Puts together what brings other releases to this host. */
export async function openUpdates(
  options: HostUpdatesOptions,
): Promise<{ readonly keeper: UpdateKeeper; readonly running: RunningRelease }> {
  const { facts, loader, stateDirectory, builtMs, config, isBlessed, events, note, clock, random } = options;
  const running: RunningRelease = {
    ...options.running,
    ...{ device: facts.device, rootHash: facts.rootHash },
    dataBlocks: await readDataBlocks(facts.rootHash),
  };
  const target = await findSibling(facts.device, facts.slot === 'a' ? 'berth-b' : 'berth-a');
  const memory = await UpdateMemoryFile.open(join(stateDirectory, 'updates.json'));
  const shipped = await readShippedFeed();
  const policy = (): UpdatePolicy => policyOf(config(), shipped);
  const kernel = { loader, name: running.name, file: join(options.runDirectory, 'running-kernel') };
  const updater = new Updater({
    ...{ running, loader, isBlessed, clock },
    target: { device: target, bytes: await sizeOf(target) },
    // Loaded when a release is fetched: a host that does not update carries none of it.
    writeSlot: async (order) => (await import('../update/machine/fetch.ts')).fetchSlot(order, clock),
    kernel: async (order, signal) => (await import('../update/machine/fetch.ts')).kernelOf(order, kernel, signal),
    rateLimit: () => config().update.rateLimitBytes,
    onStaged: async (release_, atMs) => keeper.noteTaken(release_, atMs),
    onStep: (step) => recordStep(options.recorder, step, clock.now()),
  });
  const keeper: UpdateKeeper = new UpdateKeeper({
    ...{ updater, loader, running, policy, memory, note, isBlessed, clock, random },
    host: {
      id: await readMachineId(),
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      kernel: kernelFlavour(),
    },
    open: async (location) => {
      const { feed, channel } = policy();
      const place = location ?? feed;
      if (place === undefined)
        throw new BerthError('CONFIG_INVALID', 'this host has no release repository', {
          hint: 'declare berth.update.feed, or name one: berth os update --from PLACE',
        });
      const { openReleaseSource } = await import('../update/machine/open-release-source.ts');
      return openReleaseSource({
        ...{ location: place, channel, builtMs, clock, random },
        root: await readRoot(config()),
        storeDirectory: join(stateDirectory, 'releases'),
        proxy: proxyOf(config()),
      });
    },
    rejectedVersions: () =>
      new Set(
        events().flatMap(({ kind, version }) => (kind === 'rejected' || kind === 'rolled-back' ? [version] : [])),
      ),
    onStaged: options.onStaged,
    onProblem: options.onProblem,
  });
  return { keeper, running };
}

function policyOf({ update, time }: HostConfig, shipped: ShippedFeed): UpdatePolicy {
  const { strategy, schedule } = update;
  const feed = update.feed ?? shipped.feed;
  return {
    strategy,
    channel: update.channel ?? shipped.channel ?? 'stable',
    hasFeed: feed !== undefined,
    timeZone: time.zone ?? 'UTC',
    ...(feed === undefined ? {} : { feed }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** By the proxies that everything on this host uses, unless updates have one of their own. */
function proxyOf({ update, connectivity: { proxy } }: HostConfig): Record<string, string> {
  if (update.proxy !== undefined) return { HTTP_PROXY: update.proxy, HTTPS_PROXY: update.proxy };
  const { http, https, noProxy } = proxy;
  return {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    ...(noProxy.length === 0 ? {} : { NO_PROXY: noProxy.join(',') }),
  };
}

/** Where trust begins: what is declared, else what the verified image has. Throws CONFIG_INVALID when there is neither. */
async function readRoot({ update }: HostConfig): Promise<Uint8Array> {
  if (update.root !== undefined) return Buffer.from(update.root);
  try {
    return await readFile(imageDirectories.updateRoot);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new BerthError('CONFIG_INVALID', 'this host trusts no release repository', {
      cause: error,
      hint: 'declare berth.update.root, or build the image with --update-root',
    });
  }
}

async function readShippedFeed(): Promise<ShippedFeed> {
  try {
    return JSON.parse(await readFile(imageDirectories.updateFeed, 'utf8')) as ShippedFeed;
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
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

async function readMachineId(): Promise<string> {
  return (await readFile('/etc/machine-id', 'utf8')).trim();
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
