import { join } from 'node:path';
import type { SlotImage } from '../../image/os/slot.ts';
import { median } from '../stopwatch.ts';
import { measured, type Usage } from './measured.ts';
import type { Applied } from './ours.ts';

export interface ThroughputOptions {
  readonly directory: string;
  /** What the slots hold before. */
  readonly old: SlotImage;
  readonly next: SlotImage;
  /** Files in place of slots: Berth's, and dd's. */
  readonly target: string;
  readonly copy: string;
  /** The command that brings `next` to the target. */
  readonly apply: readonly string[];
  readonly runs: number;
  /** How commands are run: on a slower disk, say. */
  readonly by?: (command: readonly string[]) => readonly string[];
}

/** Times of the clock, in the order of the runs, and what the last run of ours took. */
export interface Throughput {
  /** Of processes that had to start first, and fetched the kernel image as well. */
  readonly started: readonly number[];
  /** Of the slot alone, as in an agent that runs already. */
  readonly applied: readonly number[];
  readonly copied: readonly number[];
  readonly client: Usage;
}

/** Medians, in seconds. */
export interface WriteSeconds {
  readonly apply: number;
  /** With the start of a process, and the kernel image. */
  readonly process: number;
  readonly dd: number;
}

/** Writes a slot by Berth, and by dd with openssl reading it back, in turn. */
export async function throughput(options: ThroughputOptions): Promise<Throughput> {
  const { directory, old, next, target, copy, apply, runs, by = (command: readonly string[]) => command } = options;
  const report = join(directory, 'time');
  const timed = async (...command: string[]): Promise<Usage> => measured(by(command), report);
  // In place, as a slot is: a new file would lie elsewhere on the disk each time.
  const freshen = async (file: string): Promise<Usage> =>
    measured(['dd', 'status=none', `if=${old.file}`, `of=${file}`, 'bs=4M', 'conv=fsync,notrunc'], report);
  const started: number[] = [];
  const applied: number[] = [];
  const copied: number[] = [];
  let client: Usage | undefined;
  for (let run = 0; run < runs; run += 1) {
    // Ways in turn, a different one first each time: what the disk is at else hits both.
    const steps = [
      async () => {
        await freshen(target);
        client = await timed(...apply);
        started.push(client.seconds);
        applied.push(told(client).seconds);
      },
      async () => {
        await freshen(copy);
        const files = [`if=${next.file}`, `of=${copy}`];
        const write = await timed('dd', 'status=none', ...files, 'bs=4M', 'oflag=direct', 'conv=fsync,notrunc');
        const read = await timed('openssl', 'dgst', '-sha256', copy);
        copied.push(write.seconds + read.seconds);
      },
    ];
    for (const step of run % 2 === 0 ? steps : steps.toReversed()) await step();
  }
  if (client === undefined) throw new Error('nothing was run');
  return { started, applied, copied, client };
}

/** Pure. */
export function writeSeconds({ started, applied, copied }: Throughput): WriteSeconds {
  return { apply: median(applied), process: median(started), dd: median(copied) };
}

/** Pure. */
export function shownTimes({ applied, copied }: Throughput): string {
  const shown = (times: readonly number[]): string => times.map((time) => time.toFixed(2)).join(' ');
  return `apply ${shown(applied)}, dd ${shown(copied)}`;
}

/** What `ours.ts apply` answered. Pure. */
export function told({ stdout }: Usage): Applied {
  return JSON.parse(stdout) as Applied;
}
