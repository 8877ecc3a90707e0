import { execFile } from 'node:child_process';

/** @returns seconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Runs a program to its end, as a person would. @returns seconds. Throws with what it wrote when it fails. */
export async function timedCommand(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command;
  return timed(
    async () =>
      new Promise<void>((resolve, reject) => {
        execFile(program, args, { env, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
          if (error === null) resolve();
          else reject(new Error(`${command.join(' ')}: ${error.message}\n${(stdout + stderr).slice(-2000)}`));
        });
      }),
  );
}

/** The middle value; of an even number, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
