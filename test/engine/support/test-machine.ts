import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { buildSystemContainers } from '../../../image/system-containers.ts';
import { type DetachedProcess, spawnDetached } from '../../../src/engine/detached-process.ts';
import { DockerEngine } from '../../../src/engine/docker.ts';
import { cacheDir } from './cache.ts';
import { engineRelease, installTools } from './engine-versions.ts';
import { claimDirectory, holdNamespace, reapEngine } from './private-engine.ts';

const launcher = join(import.meta.dirname, '../../../berth');
const recipesDirectory = join(import.meta.dirname, '../../../system-containers');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A machine for `berth up` to be a guest on: mounts, network, host name and /run of its own, the rest of this machine, and
 * Docker 20.10's programs on its PATH. Nothing of it is left after `stop`.
 */
export interface TestMachine {
  /** Of this machine, too. */
  readonly directory: string;
  /** Put everything that is started here below this control group (`cgroup-parent`), so that `stop` finds it. */
  readonly cgroup: string;
  /** Where a path of the machine is for us. */
  outside(path: string): string;
  run(program: string, args: readonly string[]): Promise<Outcome>;
  berth(args: readonly string[]): Promise<Outcome>;
  spawn(program: string, args: readonly string[], name: string): Promise<DetachedProcess>;
  engine(socket: string): DockerEngine;
  stop(): Promise<void>;
}

/** Starts one. `name`: at most 20 letters and digits. */
export async function testMachine(name: string): Promise<TestMachine> {
  await installTools();
  const { binaries } = await engineRelease('20.10');
  // It has no way to the package mirror.
  await buildSystemContainers({ recipesDirectory });
  const directory = await claimDirectory(name);
  await mkdir(join(directory, 'home'));
  const holder = await holdNamespace(
    directory,
    ['--mount', '--net', '--uts'],
    ['mount -t tmpfs tmpfs /run', 'ip link set lo up', `hostname ${name}`],
  );
  const enter = ['nsenter', `--target=${holder.pid}`, '--mount', '--net', '--uts'];
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    BERTH_CACHE: cacheDir,
    PATH: `${binaries.path}:${process.env['PATH'] ?? ''}`,
    LD_LIBRARY_PATH: binaries.libraryPath,
  };
  const run = async (program: string, args: readonly string[]): Promise<Outcome> => {
    const [command = '', ...prefix] = enter;
    const child = spawn(command, [...prefix, program, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, ...outcome };
  };
  const engines: DockerEngine[] = [];
  return {
    directory,
    cgroup: `/${basename(directory)}`,
    outside: (path) => `/proc/${holder.pid}/root${path}`,
    run,
    berth: (args) => run(launcher, args),
    spawn: (program, args, file) =>
      spawnDetached({
        command: enter[0] ?? '',
        args: [...enter.slice(1), program, ...args],
        env,
        logFile: join(directory, `${file}.log`),
        pidFile: join(directory, `${file}.process`),
      }),
    engine: (socket) => {
      const engine = DockerEngine.connect(`/proc/${holder.pid}/root${socket}`);
      engines.push(engine);
      return engine;
    },
    stop: async () => {
      for (const engine of engines) engine.close();
      await reapEngine(directory);
    },
  };
}
