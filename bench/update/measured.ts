import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** What a program took. */
export interface Usage {
  /** Of the clock. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Largest resident set, in MiB. */
  readonly peakMebibytes: number;
  readonly stdout: string;
}

/** Runs a program under GNU time, which writes to `report`. Throws with the end of its stderr when it fails. */
export async function measured(
  command: readonly string[],
  report: string,
  accept: readonly number[] = [0],
): Promise<Usage> {
  const args = ['-q', '-f', '%e %U %S %M', '-o', report, ...command];
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile('time', args, { maxBuffer: 64 * 2 ** 20 }, (error, out, errors) => {
      if (error === null || accept.includes(Number(error.code))) resolve(out);
      else reject(new Error(`${command.slice(0, 2).join(' ')}: ${errors.trim().slice(-2000) || error.message}`));
    });
  });
  const [seconds = 0, user = 0, system = 0, kibibytes = 0] = (await readFile(report, 'utf8'))
    .trim()
    .split(' ')
    .map(Number);
  return { seconds, cpuSeconds: user + system, peakMebibytes: kibibytes / 1024, stdout };
}
