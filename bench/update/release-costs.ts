import { copyFile, mkdir, open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlotImage } from '../../image/os/slot.ts';
import type { TransferArtifacts } from '../../src/update/transfer/artifacts.ts';
import { verifySlot } from '../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../src/update/transfer/verity.ts';
import { median } from '../stopwatch.ts';
import { measured, type Usage } from './measured.ts';
import type { OurTask } from './ours.ts';
import { peerCost, peerNames, type UpdateCost, type UpdatePeer } from './peers.ts';

export interface CostOptions {
  readonly directory: string;
  readonly runs: number;
  readonly withPeers: boolean;
  readonly progress: (line: string) => void;
}

/** What one release costs by every way. */
export interface ReleaseCosts {
  readonly dataBytes: number;
  readonly peers: Readonly<Partial<Record<UpdatePeer, UpdateCost>>>;
  readonly berth: {
    readonly delta: UpdateCost;
    /** Index and ranges of the full stream. */
    readonly ranges: UpdateCost;
    readonly full: number;
    /** Medians, of the clock. */
    readonly applySeconds: number;
    readonly ddSeconds: number;
  };
}

/** Measures one pair of images. */
export async function releaseCosts(old: SlotImage, next: SlotImage, options: CostOptions): Promise<ReleaseCosts> {
  const { progress, withPeers } = options;
  const directory = join(options.directory, 'pair');
  await mkdir(directory);
  try {
    const berth = await ourCosts(old, next, { ...options, directory });
    const peers: Partial<Record<UpdatePeer, UpdateCost>> = {};
    if (withPeers) {
      const files = {
        old: await dataOf(old, directory, 'old'),
        next: await dataOf(next, directory, 'next'),
        directory,
      };
      for (const peer of peerNames) {
        const cost = await peerCost(peer, files);
        progress(`  ${peer}: ${shown(cost)}`);
        peers[peer] = cost;
      }
    }
    return { dataBytes: next.dataBlocks * blockBytes, peers, berth };
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function ourCosts(old: SlotImage, next: SlotImage, options: CostOptions): Promise<ReleaseCosts['berth']> {
  const { directory, progress, runs } = options;
  const task: OurTask = { old, next, directory };
  const server = await ours('make', task, directory);
  const artifacts = JSON.parse(server.stdout) as TransferArtifacts;
  const target = join(directory, 'target');
  await copyFile(old.file, target);
  const applied: number[] = [];
  const copied: number[] = [];
  let client: Usage = server;
  for (let run = 0; run < runs; run += 1) {
    // Ways in turn, a different one first each time: what the disk is at else hits both.
    const steps = [
      async () => {
        // A target that holds another release, as a spare slot does.
        await copyFile(old.file, target);
        await grow(target, next);
        await measured(['sync'], join(directory, 'time'));
        client = await ours('apply', { ...task, artifacts }, directory);
        applied.push((JSON.parse(client.stdout) as { seconds: number }).seconds);
      },
      async () => void copied.push(await ddSeconds(next, directory)),
    ];
    for (const step of run % 2 === 0 ? steps : steps.toReversed()) await step();
  }
  const damage = await verifySlot(target, next, new AbortController().signal);
  if (damage.differs.length + damage.unknown.length > 0) throw new Error('the slot is not the release');
  const delta = { bytes: fetched(client), server, client };
  progress(
    `  delta: ${shown(delta)}; apply ${applied.map((time) => time.toFixed(2)).join(' ')}, dd ${copied.map((time) => time.toFixed(2)).join(' ')}`,
  );
  await copyFile(old.file, target);
  await grow(target, next);
  const byRanges = await ours('apply', { ...task, artifacts: { ...artifacts, deltas: [] } }, directory);
  const ranges = { bytes: fetched(byRanges), server, client: byRanges };
  progress(`  ranges: ${shown(ranges)}; full stream ${artifacts.full.bytes}`);
  return { delta, ranges, full: artifacts.full.bytes, applySeconds: median(applied), ddSeconds: median(copied) };
}

function ours(verb: 'make' | 'apply', task: OurTask, directory: string): Promise<Usage> {
  const program = join(import.meta.dirname, 'ours.ts');
  return measured([process.execPath, program, verb, JSON.stringify(task)], join(directory, 'time'));
}

function fetched({ stdout }: Usage): number {
  return (JSON.parse(stdout) as { bytesFetched: number }).bytesFetched;
}

/** Writing an image with dd and hashing what is on the disk with openssl. */
async function ddSeconds({ file }: SlotImage, directory: string): Promise<number> {
  const copy = join(directory, 'copy');
  const report = join(directory, 'time');
  const write = await measured(
    ['dd', 'status=none', `if=${file}`, `of=${copy}`, 'bs=4M', 'oflag=direct', 'conv=fsync'],
    report,
  );
  const read = await measured(['openssl', 'dgst', '-sha256', copy], report);
  await rm(copy);
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
