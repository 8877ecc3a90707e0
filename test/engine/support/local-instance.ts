import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The command as a person calls it. */
export const launcher = join(import.meta.dirname, '../../../berth');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory in which `berth up` keeps its state; configs can be put beside it. */
export class LocalInstance {
  readonly directory: string;
  readonly stateDirectory: string;
  readonly socket: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.stateDirectory = join(directory, 'state');
    this.socket = join(this.stateDirectory, 'run', 'api', 'berth.sock');
  }

  static async create(): Promise<LocalInstance> {
    return new LocalInstance(await mkdtemp(join(tmpdir(), 'berth-up-')));
  }

  /** Runs the launcher with these arguments, in the directory. */
  async berth(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return this.run(launcher, args, environment);
  }

  /** Asks the instance's agent: `berth ARGS --socket …`. */
  async ask(args: readonly string[]): Promise<Outcome> {
    return this.berth([...args, '--socket', this.socket]);
  }

  async run(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    const child = spawn(program, args, {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
    });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, ...outcome };
  }

  async down(): Promise<Outcome> {
    return this.berth(['down', '--state', this.stateDirectory]);
  }

  /** Command lines of the processes that name the directory. */
  async processes(): Promise<string[]> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(ids.map(async (id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes(this.directory)).map((line) => line.replaceAll('\0', ' '));
  }

  /** Ends it and removes everything it made. */
  async dispose(): Promise<void> {
    await this.down();
    // dockerd leaves its namespace file mounted when it ends.
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(this.directory)).reverse())
      await this.run('umount', [mount]);
    await rm(this.directory, { recursive: true, force: true });
  }
}
