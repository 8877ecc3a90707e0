import { copyFile, mkdir, open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlotImage } from '../../image/os/slot.ts';
import { agentFlags } from '../../src/cli/daemon.ts';
import type { ReleaseArtifact } from '../../src/update/release-manifest.ts';
import { verifySlot } from '../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../src/update/transfer/verity.ts';
import type { BenchRelease } from './images.ts';
import { measured, type Usage } from './measured.ts';
import type { ApplyTask, MakeTask } from './ours.ts';
import { peerCost, peerNames, type UpdateCost, type UpdatePeer } from './peers.ts';
import { publish } from './publication.ts';
import { slowDisk } from './slow-disk.ts';
import { shownTimes, throughput, told, type WriteSeconds, writeSeconds } from './throughput.ts';

export interface CostOptions {
  readonly directory: string;
  /** Path of `ours.ts`, bundled. */
  readonly program: string;
  readonly runs: number;
  readonly progress: (line: string) => void;
}

/** What one release costs our hosts and their server. */
export interface OurCosts {
  readonly delta: UpdateCost;
  /** Index and ranges of the full stream. */
  readonly ranges: UpdateCost;
  /** All that a host fetches, in bytes, by deltas. */
  readonly fetched: { readonly slot: number; readonly kernel: number; readonly metadata: number };
  /** Writing the slot by delta, on this machine's disk. */
  readonly write: WriteSeconds;
  /** The same on a disk of 250 MB/s each way; absent where the kernel cannot slow one down. */
  readonly slowWrite?: WriteSeconds;
}

/** What other programs cost for the same slots. */
export type PeerCosts = Readonly<Partial<Record<UpdatePeer, UpdateCost>>>;

/** Measures the other programs on one pair of releases. */
export async function peerCosts(old: BenchRelease, next: BenchRelease, options: CostOptions): Promise<PeerCosts> {
  return inDirectory(options.directory, async (directory) => {
    const files = {
      old: await dataOf(old.slot, directory, 'old'),
      next: await dataOf(next.slot, directory, 'next'),
      directory,
    };
    const costs: Partial<Record<UpdatePeer, UpdateCost>> = {};
    for (const peer of peerNames) {
      const cost = await peerCost(peer, files);
      options.progress(`  ${peer}: ${shown(cost)}`);
      costs[peer] = cost;
    }
    return costs;
  });
}

/** Measures one pair of releases. Throws when the slot that was written is not the release. */
export async function ourCosts(old: BenchRelease, next: BenchRelease, options: CostOptions): Promise<OurCosts> {
  return inDirectory(options.directory, async (directory) => ourCostsIn(directory, old, next, options));
}

async function inDirectory<Value>(parent: string, work: (directory: string) => Promise<Value>): Promise<Value> {
  const directory = join(parent, 'pair');
  await mkdir(directory);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function ourCostsIn(
  directory: string,
  old: BenchRelease,
  next: BenchRelease,
  { program, progress, runs }: CostOptions,
): Promise<OurCosts> {
  const command = (verb: 'make' | 'apply', given: MakeTask | ApplyTask): string[] => [
    ...[process.execPath, ...(verb === 'apply' ? agentFlags : [])],
    ...[program, verb, JSON.stringify(given)],
  ];
  const ours = async (verb: 'make' | 'apply', given: MakeTask | ApplyTask): Promise<Usage> =>
    measured(command(verb, given), join(directory, 'time'));
  const server = await ours('make', { old, next, directory });
  const artifacts = JSON.parse(server.stdout) as ReleaseArtifact[];
  const { targets, manifest, metadataBytes } = await publish(old, next, artifacts, directory);
  const [target, copy] = [join(directory, 'target'), join(directory, 'copy')];
  for (const file of [target, copy]) await freshTarget(file, old.slot, next.slot);
  const task: ApplyTask = { old, manifest, targets, target };
  const slots = { directory, old: old.slot, next: next.slot, target, copy, apply: command('apply', task), runs };
  const quick = await throughput(slots);
  const disk = await slowDisk(directory);
  const slow = disk === undefined ? undefined : await throughput({ ...slots, by: disk.slowed });
  await disk?.remove();
  const damage = await verifySlot(target, next.slot, new AbortController().signal);
  if (damage.differs.length + damage.unknown.length > 0) throw new Error('the slot is not the release');
  const { client } = quick;
  const { slotBytes, kernelBytes } = told(client);
  const delta = { bytes: slotBytes, server, client };
  progress(`  delta: ${shown(delta)}; ${shownTimes(quick)}`);
  progress(`  on a slow disk: ${slow === undefined ? 'not on this kernel' : shownTimes(slow)}`);
  await freshTarget(target, old.slot, next.slot);
  const withoutDeltas = manifest.artifacts.filter(({ kind }) => kind !== 'delta');
  const byRanges = await ours('apply', { ...task, manifest: { ...manifest, artifacts: withoutDeltas } });
  const ranges = { bytes: told(byRanges).slotBytes, server, client: byRanges };
  const full = manifest.artifacts.find(({ kind }) => kind === 'full')?.bytes ?? 0;
  progress(`  ranges: ${shown(ranges)}; full stream ${full}; kernel image ${kernelBytes}; metadata ${metadataBytes}`);
  const fetched = { slot: slotBytes, kernel: kernelBytes, metadata: metadataBytes };
  return {
    ...{ delta, ranges, fetched, write: writeSeconds(quick) },
    ...(slow === undefined ? {} : { slowWrite: writeSeconds(slow) }),
  };
}

/** A target that holds another release, as a spare slot does. */
async function freshTarget(target: string, old: SlotImage, next: SlotImage): Promise<void> {
  await copyFile(old.file, target);
  await grow(target, next);
}

async function grow(target: string, { sizeBytes }: SlotImage): Promise<void> {
  const file = await open(target, 'r+');
  const { size } = await file.stat();
  await file.close();
  if (size < sizeBytes) await truncate(target, sizeBytes);
}

async function dataOf({ file, dataBlocks }: SlotImage, directory: string, name: string): Promise<string> {
  const data = join(directory, name);
  await copyFile(file, data);
  await truncate(data, dataBlocks * blockBytes);
  return data;
}

function shown({ bytes, server, client }: UpdateCost): string {
  const side = (usage: Usage): string => `${usage.cpuSeconds.toFixed(1)} CPU-s ${usage.peakMebibytes.toFixed(0)} MiB`;
  return `${bytes} bytes, server ${side(server)}${client === undefined ? '' : `, client ${side(client)}`}`;
}
