import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type GoTool, goTool, ignitionModule } from './go-tool.ts';

/** What Butane makes of a text. */
export interface ButaneAnswer {
  readonly accepted: boolean;
  /** JSON, or YAML of a MachineConfig. */
  readonly output: string;
  /** Why it is not accepted, and what it reports. */
  readonly report: string;
  readonly warnings: number;
}

export interface ButaneQuestion {
  readonly text: string;
  readonly filesDir?: string;
  /** The Ignition config of an OpenShift config, not the MachineConfig around it. */
  readonly raw: boolean;
}

/** A program of ours around Butane, of the module that has its newest version, which answers many questions in one run. */
const answersTool: GoTool = {
  ...ignitionModule,
  package: 'butane-answers',
  source: join(import.meta.dirname, 'butane-answers'),
  needs: { versions: [], replaced: {} },
};

interface Told {
  readonly output: string;
  readonly error: string;
  readonly entries: readonly string[] | null;
}

/** Asks Butane itself. */
export async function askButane(questions: readonly ButaneQuestion[]): Promise<ButaneAnswer[]> {
  const child = spawn(await goTool(answersTool), { stdio: ['pipe', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(questions.map((question) => `${JSON.stringify({ filesDir: '', ...question })}\n`).join(''));
  const exitCode = await ended;
  const lines = Buffer.concat(output).toString().split('\n').slice(0, -1);
  if (exitCode !== 0 || lines.length !== questions.length) throw new Error(`the program ended with ${exitCode}`);
  return lines.map((line) => {
    const { output: made, error, entries } = JSON.parse(line) as Told;
    const report = [error, ...(entries ?? [])].join('\n');
    const warnings = (entries ?? []).filter((entry) => entry.startsWith('warning')).length;
    return { accepted: error === '', output: made, report, warnings };
  });
}
