import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { plainLines } from '../../image/vm/serial-text.ts';
import type { DetachedProcess } from '../../src/engine/detached-process.ts';

/** A line of a console, and when its end arrived: seconds since this machine started. */
export interface StampedLine {
  readonly at: number;
  readonly text: string;
}

/** Clock ticks a second of start times: proc_pid_stat(5), sysconf(_SC_CLK_TCK) on every Linux we run on. */
const ticksPerSecond = 100;

/** Seconds since this machine started: the clock by which the kernel notes the start of a process. */
export function uptimeSeconds(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]);
}

/** When a process started, on the same clock. */
export function startSeconds({ startTicks }: DetachedProcess): number {
  return Number(startTicks) / ticksPerSecond;
}

/** Seconds of processor time that a process has used: proc_pid_stat(5), utime and stime. */
export function processorSeconds({ pid }: DetachedProcess): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Reads what a VM's console says, as it says it. */
export class ConsoleWatch {
  readonly #file: FileHandle;
  readonly #lines: StampedLine[] = [];
  readonly #buffer = Buffer.alloc(65_536);
  #position = 0;
  #rest = '';

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<ConsoleWatch> {
    return new ConsoleWatch(await open(path, 'r'));
  }

  /** All lines so far. */
  get lines(): readonly StampedLine[] {
    return this.#lines;
  }

  /** Takes in what has come since the last call. */
  async poll(): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const at = uptimeSeconds();
      const parts = `${this.#rest}${this.#buffer.toString('utf8', 0, bytesRead)}`.split('\n');
      this.#rest = parts.pop() ?? '';
      for (const part of parts) this.#lines.push({ at, text: plainLines(part).join('') });
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
