import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  boundLog,
  type DetachedProcess,
  findDetached,
  findDetachedByArgument,
  identifyProcess,
  isAlive,
  spawnDetached,
  terminate,
} from '../../../src/engine/detached-process.ts';

describe('a detached process', () => {
  let directory: string;
  let started: DetachedProcess[];

  beforeEach(async () => {
    directory = await mkdtemp('/tmp/berth-test-');
    started = [];
  });

  afterEach(async () => {
    for (const process of started) await terminate(process, 0);
    await rm(directory, { recursive: true });
  });

  const pidFile = () => join(directory, 'x.process');
  const logFile = () => join(directory, 'x.log');
  const start = async (script: string, ...rest: string[]) => {
    const args = ['-c', script, ...rest];
    const spawned = await spawnDetached({
      command: 'sh',
      args,
      env: process.env,
      logFile: logFile(),
      pidFile: pidFile(),
    });
    started.push(spawned);
    return spawned;
  };

  test('is found again by its pidfile, until it ends', async () => {
    const process = await start('sleep 100 & wait');
    expect(await findDetached(pidFile())).toEqual(process);
    await terminate(process, 5_000);
    expect(await findDetached(pidFile())).toBeUndefined();
  });

  test('is found by an argument that only it has, and recorded anew', async () => {
    const mark = `--mark=${directory}`;
    const process = await start('sleep 100 & wait', 'name', mark);
    await rm(pidFile());
    expect(await findDetachedByArgument(mark, pidFile())).toEqual(process);
    expect(await findDetached(pidFile())).toEqual(process);
    expect(await findDetachedByArgument(`${mark}x`, pidFile())).toBeUndefined();
  });

  test('is not taken for another one with its pid: not one that started later, not one of an earlier boot', () => {
    const ours = identifyProcess(process.pid);
    expect(isAlive(ours)).toBe(true);
    expect(isAlive({ ...ours, startTicks: '1' })).toBe(false);
    expect(isAlive({ ...ours, bootId: 'earlier' })).toBe(false);
  });

  test.each(['', 'nonsense', '12'])('a pidfile with "%s" in it names nobody', async (text) => {
    await writeFile(pidFile(), text);
    expect(await findDetached(pidFile())).toBeUndefined();
  });

  test('one that ignores SIGTERM is killed after the grace', async () => {
    const process = await start('trap "" TERM; echo deaf; while :; do sleep 0.05; done');
    while (!(await readFile(logFile(), 'utf8')).includes('deaf')) await new Promise(setImmediate);
    await terminate(process, 50);
    expect(isAlive(process)).toBe(false);
  });

  test('a program that is not there throws', async () => {
    const command = { command: '/no/such', args: [], env: {}, logFile: logFile(), pidFile: pidFile() };
    await expect(spawnDetached(command)).rejects.toThrow('ENOENT');
  });

  test('a long log keeps its end, and its writer writes on', async () => {
    await writeFile(logFile(), `${'x'.repeat(2000)}end`);
    await boundLog(logFile(), 1000);
    expect((await stat(logFile())).size).toBe(0);
    expect(await readFile(`${logFile()}.1`, 'utf8')).toMatch(/^x{497}end$/);
    await start('echo more');
    while ((await readFile(logFile(), 'utf8')) !== 'more\n') await new Promise(setImmediate);
  });
});
