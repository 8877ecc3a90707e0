import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { CliContext } from './context.ts';
import { runCli } from './program.ts';

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    const { setTimeout: sleep } = await import('node:timers/promises');
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/** Ctrl-C ends what is watched; a second one ends the process at once. */
function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => abort.abort());
  }
  return abort.signal;
}

/** The nearest folder above this file with system-containers/: the same for the sources, the bundle and the OS image. */
function findProjectDirectory(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'system-containers')) && dirname(directory) !== directory)
    directory = dirname(directory);
  return directory;
}

const context: CliContext = {
  // Opened only when something reads it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock,
  signal: interruption(),
  projectDirectory: findProjectDirectory(),
  program: process.env['BERTH_PROGRAM'] ?? 'berth',
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  runAgent: async (options) => (await import('../agent/main.ts')).runAgent(options),
  onResize: (listener) => void process.stdout.on('resize', listener),
};

// Reading from a pipe that its reader closed (`berth logs web | head`) is an end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
void runCli(process.argv.slice(2), context).then((code) => {
  process.exitCode = code;
});
