import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { readWriteLog, replayPowerCut } from '../../image/vm/replay.ts';

const sizeBytes = 2 ** 20;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-cut-'));
});

afterEach(async () => rm(directory, { recursive: true }));

/** Has QEMU write to a disk whose blocks are all 0xee, and record it. */
async function record(...commands: string[]): Promise<{ base: string; logFile: string }> {
  const at = (name: string) => join(directory, name);
  await writeFile(at('base'), Buffer.alloc(sizeBytes, 0xee));
  await writeFile(at('disk'), Buffer.alloc(sizeBytes, 0xee));
  await writeFile(at('log'), '');
  const disk = `file.driver=raw,file.file.driver=file,file.file.filename=${at('disk')}`;
  const log = `log.driver=file,log.filename=${at('log')},log-sector-size=512`;
  const words = commands.flatMap((command) => ['-c', command]);
  await runCommand('qemu-io', ['-t', 'writeback', '--image-opts', `driver=blklogwrites,${disk},${log}`, ...words]);
  return { base: at('base'), logFile: at('log') };
}

test('QEMU’s own log is understood: writes, zeros, discards, flushes', async () => {
  const { logFile } = await record('write -P 1 0 4k', 'write -P 2 8k 1k', 'flush', 'write -z 16k 4k', 'discard 0 4k');
  const log = await readWriteLog(logFile);
  expect(log.filter(({ kind }) => kind !== 'flush')).toMatchObject([
    { kind: 'write', offset: 0, length: 4096 },
    { kind: 'write', offset: 8192, length: 1024 },
    { kind: 'write', offset: 16_384, length: 4096 },
    { kind: 'discard', offset: 0, length: 4096 },
  ]);
  expect(log.findIndex(({ isFlush }) => isFlush)).toBe(2);
});

test('a replay of everything is the disk that QEMU wrote', async () => {
  const { base, logFile } = await record('write -P 1 0 4k', 'write -P 2 2k 4k', 'flush', 'write -z 16k 4k', 'flush');
  const log = await readWriteLog(logFile);
  const target = join(directory, 'target');
  const cut = { entries: log.length, seed: 1 };
  await replayPowerCut({ base, baseFormat: 'raw', sizeBytes, logFile, log, cut, target });
  expect((await readFile(target)).equals(await readFile(join(directory, 'disk')))).toBe(true);
});

test('after a cut, flushed blocks are as written, each later one is new or old', async () => {
  const later = Array.from({ length: 16 }, (_, index) => `write -P 2 ${64 + index * 4}k 4k`);
  const { base, logFile } = await record('write -P 1 0 64k', 'flush', ...later);
  const log = await readWriteLog(logFile);
  const lastWrite = log.findLastIndex(({ kind }) => kind === 'write');
  const target = join(directory, 'target');
  const cut = { entries: lastWrite + 1, seed: 3 };
  const { lost } = await replayPowerCut({ base, baseFormat: 'raw', sizeBytes, logFile, log, cut, target });
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(later.length);
  const disk = await readFile(target);
  expect(disk.subarray(0, 65_536).every((byte) => byte === 1)).toBe(true);
  for (let index = 0; index < later.length; index += 1) {
    const offset = 65_536 + index * 4096;
    const expected = lost.some((write) => write.offset === offset) ? 0xee : 2;
    expect(disk.subarray(offset, offset + 4096).every((byte) => byte === expected)).toBe(true);
  }
});

test('an entry that was being written when QEMU ended is left out', async () => {
  const { logFile } = await record('write -P 1 0 4k', 'flush', 'write -P 2 4k 4k');
  const whole = await readWriteLog(logFile);
  const cutAt = (whole.findLast(({ kind }) => kind === 'write')?.endOffset ?? 0) - 512;
  await writeFile(logFile, (await readFile(logFile)).subarray(0, cutAt));
  const rest = await readWriteLog(logFile);
  expect(rest.filter(({ kind }) => kind === 'write')).toHaveLength(1);
});
