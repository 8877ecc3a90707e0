import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostStatus, LedgerEntry } from '../../../src/agent/model.ts';

const launcher = join(import.meta.dirname, '../../../berth');
const config = '#cloud-config\nberth:\n  enable: [ntp]\n';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-up-'));
  await writeFile(join(directory, 'ntp.yaml'), config);
});

afterAll(async () => {
  await berth(['down', '--state', join(directory, 'state')]);
  // dockerd leaves its namespace file mounted when it ends.
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(directory)).reverse()) await run('umount', [mount]);
  await rm(directory, { recursive: true, force: true });
});

describe('the launcher', () => {
  test('works through a symbolic link and from another folder', async () => {
    await symlink(launcher, join(directory, 'linked'));
    const { code, stdout } = await run(join(directory, 'linked'), ['validate', 'ntp.yaml']);
    expect([code, stdout]).toEqual([0, 'ntp.yaml: valid\n']);
  });

  test('hands the exit code through', async () => {
    expect((await berth(['no-such-command'])).code).toBe(2);
  });
});

describe('berth up', () => {
  test('goes from nothing to a healthy system service, and says how to reach it', async () => {
    const { code, stdout, stderr } = await up();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Done: the host is as declared (generation 1).');
    expect(stdout).toMatch(/^ntp +healthy/m);
    expect(stdout).toContain(`API: unix socket ${socket()}`);
  });

  test('a second time changes nothing', async () => {
    const before = await status();
    const { code } = await up();
    const after = await status();
    expect(code).toBe(0);
    expect([after.generation, after.startedAt]).toEqual([before.generation, before.startedAt]);
    expect(after.services.map(({ containerId }) => containerId)).toEqual(
      before.services.map(({ containerId }) => containerId),
    );
  });

  test('the ledger says why the service runs', async () => {
    const { stdout } = await berth(['ledger', '--json', '--subject', 'ntp', '--socket', socket()]);
    const entries = JSON.parse(stdout) as LedgerEntry[];
    expect(entries.map(({ outcome }) => outcome)).not.toContain('failed');
    expect(entries.some(({ subject }) => subject === 'service/ntp')).toBe(true);
  });

  test('logs and exec reach the service', async () => {
    expect((await berth(['logs', 'ntp', '-n', '5', '--socket', socket()])).code).toBe(0);
    const { stdout } = await berth(['debug', 'ntp', '--socket', socket(), '--', '/bin/echo', 'here']);
    expect(stdout).toBe('here\n');
  });

  test('down ends the agent, its engine and its containers, and leaves the data', async () => {
    expect((await berth(['down', '--state', join(directory, 'state')])).code).toBe(0);
    expect(await processesWith(directory)).toEqual([]);
    expect(await readdir(join(directory, 'state'))).toEqual(expect.arrayContaining(['generations', 'ledger']));
  });
});

function socket(): string {
  return join(directory, 'state', 'run', 'api', 'berth.sock');
}

async function up(): Promise<Outcome> {
  return berth(['up', '--state', join(directory, 'state'), '--config', 'ntp.yaml']);
}

async function status(): Promise<HostStatus> {
  return JSON.parse((await berth(['status', '--json', '--socket', socket()])).stdout) as HostStatus;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function berth(args: readonly string[]): Promise<Outcome> {
  return run(launcher, args);
}

async function run(program: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(program, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...outcome };
}

/** Command lines of processes that name a folder. */
async function processesWith(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map(async (id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(folder)).map((line) => line.replaceAll('\0', ' '));
}
