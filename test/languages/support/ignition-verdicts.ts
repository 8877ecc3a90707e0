import { spawn } from 'node:child_process';
import { goTool, verdictTools } from './go-tool.ts';

/** What Ignition's own code says of a config. */
export interface Verdict {
  readonly accepted: boolean;
  readonly warnings: number;
  readonly report: string;
}

/** Judges texts as the validator of the major version does. */
export async function verdictsOf(texts: readonly string[], major: 2 | 3): Promise<Verdict[]> {
  const child = spawn(await goTool(verdictTools[major]), { stdio: ['pipe', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(texts.map((text) => `${Buffer.from(text).toString('base64')}\n`).join(''));
  const exitCode = await ended;
  const verdicts = Buffer.concat(output)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Verdict);
  if (exitCode !== 0 || verdicts.length !== texts.length) throw new Error(`the judge ended with ${exitCode}`);
  return verdicts;
}
