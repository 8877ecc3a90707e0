import { copyFile, mkdir, open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlotImage } from '../../image/os/slot.ts';
import { agentFlags } from '../../src/cli/daemon.ts';
import type { ReleaseArtifact } from '../../src/update/release-manifest.ts';
import { verifySlot } from '../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../src/update/transfer/verity.ts';
import { median } from '../stopwatch.ts';
import type { BenchRelease } from './images.ts';
import { measured, type Usage } from './measured.ts';
import type { Applied, ApplyTask, MakeTask } from './ours.ts';
import { peerCost, peerNames, type UpdateCost, type UpdatePeer } from './peers.ts';
import { publish } from './publication.ts';

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
  /** Medians, of the clock. */
  readonly applySeconds: number;
  readonly ddSeconds: number;
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
  const ours = async (verb: 'make' | 'apply', given: MakeTask | ApplyTask): Promise<Usage> =>
    measured(
      [process.execPath, ...(verb === 'apply' ? agentFlags : []), program, verb, JSON.stringify(given)],
      join(directory, 'time'),
    );
  const server = await ours('make', { old, next, directory });
  const artifacts = JSON.parse(server.stdout) as ReleaseArtifact[];
  const { targets, manifest, metadataBytes } = await publish(old, next, artifacts, directory);
  const [target, copy] = [join(directory, 'target'), join(directory, 'copy')];
  // In place, as a slot is: a new file would lie elsewhere on the disk each time.
  const freshen = async (file: string): Promise<void> => {
    const write = ['dd', 'status=none', `if=${old.slot.file}`, `of=${file}`, 'bs=4M', 'conv=fsync,notrunc'];
    await measured(write, join(directory, 'time'));
  };
  for (const file of [target, copy]) await freshTarget(file, old.slot, next.slot);
  const task: ApplyTask = { old, manifest, targets, target };
  const applied: number[] = [];
  const copied: number[] = [];
  let client: Usage = server;
  for (let run = 0; run < runs; run += 1) {
    // Ways in turn, a different one first each time: what the disk is at else hits both.
    const steps = [
      async () => {
        await freshen(target);
        client = await ours('apply', task);
        applied.push(told(client).seconds);
      },
      async () => {
        await freshen(copy);
        copied.push(await ddSeconds(next.slot, copy, join(directory, 'time')));
      },
    ];
    for (const step of run % 2 === 0 ? steps : steps.toReversed()) await step();
  }
  const damage = await verifySlot(target, next.slot, new AbortController().signal);
  if (damage.differs.length + damage.unknown.length > 0) throw new Error('the slot is not the release');
  const { slotBytes, kernelBytes } = told(client);
  const delta = { bytes: slotBytes, server, client };
  progress(
    `  delta: ${shown(delta)}; apply ${applied.map((time) => time.toFixed(2)).join(' ')}, dd ${copied.map((time) => time.toFixed(2)).join(' ')}`,
  );
  await freshTarget(target, old.slot, next.slot);
  const withoutDeltas = manifest.artifacts.filter(({ kind }) => kind !== 'delta');
  const byRanges = await ours('apply', { ...task, manifest: { ...manifest, artifacts: withoutDeltas } });
  const ranges = { bytes: told(byRanges).slotBytes, server, client: byRanges };
  const full = manifest.artifacts.find(({ kind }) => kind === 'full')?.bytes ?? 0;
  progress(`  ranges: ${shown(ranges)}; full stream ${full}; kernel image ${kernelBytes}; metadata ${metadataBytes}`);
  const fetched = { slot: slotBytes, kernel: kernelBytes, metadata: metadataBytes };
  const times = { applySeconds: median(applied), ddSeconds: median(copied) };
  return { delta, ranges, fetched, ...times };
}

function told({ stdout }: Usage): Applied {
  return JSON.parse(stdout) as Applied;
}

/** A target that holds another release, as a spare slot does. */
async function freshTarget(target: string, old: SlotImage, next: SlotImage): Promise<void> {
  await copyFile(old.file, target);
  await grow(target, next);
}

/** Writing an image into a slot with dd, and hashing what is on the disk with openssl. */
async function ddSeconds({ file }: SlotImage, copy: string, report: string): Promise<number> {
  const write = await measured(
    ['dd', 'status=none', `if=${file}`, `of=${copy}`, 'bs=4M', 'oflag=direct', 'conv=fsync,notrunc'],
    report,
  );
  const read = await measured(['openssl', 'dgst', '-sha256', copy], report);
  return write.seconds + read.seconds;
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
