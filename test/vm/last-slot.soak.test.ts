import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { runCommand } from '../../image/command.ts';
import { diskLayout } from '../../image/os/layout.ts';
import { findFirmware } from '../../image/vm/requirements.ts';
import { plainLines } from '../../image/vm/serial-text.ts';
import { SoakRuns } from './support/sample.ts';
import { makeTwoReleases } from './support/second-release.ts';
import { testImageOptions } from './support/test-image.ts';
import { testLimitMs, withDirectory, withVm } from './support/test-vm.ts';

/** A check that never holds: the release does not prove itself, however well it is. */
const userData = `#cloud-config
hostname: last-one
berth:
  update: {health: {deadline: 60s, checks: [{name: never, tcp: "127.0.0.1:1"}]}}
`;
const told =
  /^berth: this system is not well and stays, because the boot loader has no other: it was not healthy within/;
/** Several of the guard's rounds, and longer than it waits for a restart that it asked for. Milliseconds. */
const quietMs = 90_000;

const runs = new SoakRuns('the last system that boots stays up');
afterAll(async () => runs.note());

test(
  'a system on trial that is not well stays up, degraded, when no other would boot; once it is blessed, all is well',
  async () => {
    runs.begin();
    await withDirectory(async (directory) => {
      const { disk, entry } = await makeTwoReleases(directory, 2);
      const own = `berth_${testImageOptions().version}`;
      await leaveOneEntry(disk, own, entry);
      const change = {
        userData,
        disk: { base: disk, baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' },
        boot: { kind: 'uefi', ...findFirmware('amd64') },
      } as const;
      await withVm(change, async (vm) => {
        await vm.start();
        await vm.line(told);
        await sleep(quietMs);
        const degraded = await vm.statusInside('a degraded host', ({ state }) => state === 'degraded');
        expect(degraded.machine?.problems).toEqual([expect.stringMatching('it was not healthy within')]);
        const console = plainLines(await vm.vm.serial());
        expect(console.filter((line) => told.test(line))).toHaveLength(1);
        expect(console.filter((line) => /^berth: slot a on/.test(line))).toHaveLength(1);
        expect(console.join('\n')).not.toContain('going back');

        const shell = await vm.shell();
        await shell.output('berth os bless --manual');
        const healthy = await vm.statusInside('a healthy host', ({ state }) => state === 'healthy');
        expect(healthy.machine?.problems).toEqual([]);
        const esp = '/run/test-esp';
        await shell.output(`mkdir ${esp} && mount -t vfat -o ro /dev/vda1 ${esp}`);
        expect((await shell.output(`ls -1 ${esp}/EFI/Linux`)).split('\n')).toContain(`${own}.efi`);
      });
    });
    runs.succeed();
  },
  testLimitMs,
);

/** The older release is on trial, the newer one has no tries left, and a third one is not (any more) a program. */
async function leaveOneEntry(disk: string, own: string, newer: string): Promise<void> {
  const esp = `${disk}@@${diskLayout('amd64').partitions[0]?.startBytes}`;
  const environment = { MTOOLSRC: '/dev/null' };
  const mtools = async (program: string, ...words: string[]) =>
    runCommand(program, ['-i', esp, ...words], { environment });
  const at = (name: string): string => `::/EFI/Linux/${name}.efi`;
  await mtools('mren', at(`${newer}+2`), at(`${newer}+0-2`));
  const copy = join(disk, '../ended.efi');
  await mtools('mcopy', at(own), copy);
  await writeFile(copy, (await readFile(copy)).fill(0, 0, 2));
  await mtools('mcopy', copy, at('berth_98.0.0'));
  await mtools('mren', at(own), at(`${own}+3`));
}
