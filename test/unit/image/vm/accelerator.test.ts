import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseAccelerator } from '../../../../image/vm/accelerator.ts';
import { trialKernel } from '../../../../image/vm/trial-kernel.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const other = architecture === 'arm64' ? 'amd64' : 'arm64';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-kvm-'));
});

afterEach(async () => rm(directory, { recursive: true }));

async function write(path: string, text: string): Promise<string> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

describe('KVM', () => {
  const thisBoot = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

  test.each([
    ['works', 'kvm', 'KVM boots a kernel'],
    ['fails', 'tcg', 'no kernel boots with it'],
  ])('that is known to be so (%s) needs no kernel to be tried with', async (verdict, accelerator, why) => {
    const device = await write('kvm', '');
    const memory = await write('memory', `${await thisBoot()} ${verdict}\n`);
    const choice = await chooseAccelerator({ architecture, kernel: undefined, memory, device });
    expect(choice).toEqual({ accelerator, reason: expect.stringContaining(why) });
  });

  test('of which nothing is known since this boot is not used without a kernel', async () => {
    const device = await write('kvm', '');
    const memory = await write('memory', 'another-boot works\n');
    const choice = await chooseAccelerator({ architecture, kernel: undefined, memory, device });
    expect(choice).toEqual({ accelerator: 'tcg', reason: 'there is no kernel to try KVM with' });
    expect(await readFile(memory, 'utf8')).toBe('another-boot works\n');
  });

  test('that is not there is not used, whatever is known', async () => {
    const memory = await write('memory', `${await thisBoot()} works\n`);
    const device = join(directory, 'none');
    expect(await chooseAccelerator({ architecture, kernel: '/k', memory, device })).toEqual({
      accelerator: 'tcg',
      reason: `${device} is missing or not for us`,
    });
  });
});

describe('a kernel to try KVM with', () => {
  const kernelOf = async (build: string, builtFor: string, usedAt: number): Promise<string> => {
    await write(`os/${build}/facts.json`, JSON.stringify({ kernelRelease: `6.12.1+deb13-cloud-${builtFor}` }));
    const kernel = await write(`os/${build}/vmlinuz`, build);
    await utimes(dirname(kernel), usedAt, usedAt);
    return kernel;
  };
  const find = async (): Promise<string | undefined> =>
    trialKernel({
      architecture,
      own: join(directory, 'own'),
      cacheDirectory: directory,
      running: join(directory, 'running'),
    });

  test('is there none', async () => {
    await write('os/torn/facts.json', '{');
    await kernelOf('foreign', other, 9);
    expect(await find()).toBeUndefined();
  });

  test('is the running one, the last one that was built, the own one: the better one first', async () => {
    const running = await write('running', '');
    expect(await find()).toBe(running);
    await kernelOf('old', architecture, 1);
    const last = await kernelOf('last', architecture, 5);
    await kernelOf('middle', architecture, 3);
    await kernelOf('foreign', other, 9);
    expect(await find()).toBe(last);
    const own = await write('own', '');
    expect(await find()).toBe(own);
  });
});
