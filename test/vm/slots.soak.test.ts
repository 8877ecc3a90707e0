import { afterAll, expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import { plainLines } from '../../image/vm/serial-text.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { passwordHasher } from '../../src/config/password.ts';
import type { OsEvent, OsStatus } from '../../src/update/os-status.ts';
import { noteSoak, sampled } from './support/sample.ts';
import { makeTwoReleases } from './support/second-release.ts';
import { type TestVm, testLimitMs, withDirectory, withVm } from './support/test-vm.ts';

// The password would open a shell on the console: in a system that is not blessed, nobody may be asked for it.
const userData = `#cloud-config
hostname: two-slots
berth:
  console: {password_hash: "${passwordHasher('test')('open sesame')}"}
`;

const tries = 2;
/** A copy of the newer release's kernel image, where the boot loader does not look. */
const spare = '/run/test-esp/EFI/spare.efi';
/** Where the boot sector of a FAT32 says that it is mounted, or was when the power went. */
const fatState = 65;
const inSlot = (slot: string): RegExp => new RegExp(`^berth: slot ${slot} on`);
const isHealthy = ({ state }: HostStatus): boolean => state === 'healthy';

/** What a release does that is not well, and what the host says of it when it goes back. */
const faults = [
  {
    what: 'is not healthy by its deadline',
    // What the agent is to write when the config has another deadline: two minutes would be long here.
    cause: async (vm: TestVm) => (await vm.shell()).output('echo 5 > /run/berth/health-deadline'),
    reason: 'it was not healthy within 5 seconds',
  },
  {
    what: 'has an agent that does not start',
    cause: async (vm: TestVm) => (await vm.shell()).output(breakAgent),
    reason: 'the agent died 5 times in a row',
  },
] as const;

/** Node is there no more, whatever init tries. */
const breakAgent = `mount --bind /usr/bin/false /usr/bin/node; kill -9 $(ps | awk '/berth[.]js agent/ && !/awk/ {print $1}') 2> /dev/null; true`;

const chosen = sampled(faults, 1);
/** Ways back to the older slot that were gone to the end; the first is from the flipped bit. */
let wentBack = 0;

afterAll(async () =>
  noteSoak(
    'back to the older slot: a flipped bit, and releases that fail',
    1 + chosen.length,
    1 + chosen.length - wentBack,
  ),
);

test(
  `a flipped bit in the newer slot is refused and the host ends on the older one; so does a release that ${chosen
    .map(({ what }) => what)
    .join('; or ')}`,
  async () => {
    await withDirectory(async (directory) => {
      const { disk, entry, flippedByte, wholeByte } = await makeTwoReleases(directory, tries);
      const change = {
        userData,
        disk: { base: disk, baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' },
        boot: { kind: 'uefi', ...findFirmware('amd64') },
      } as const;
      await withVm(change, async (vm) => {
        await vm.start();
        await vm.line(inSlot('a'));
        const console = plainLines(await vm.vm.serial());
        // Once for each try, unless a try ended before that: an emulated kernel on a loaded machine may not even start.
        expect(console.filter((line) => /verity: .*data block 0 is corrupted/.test(line))).not.toEqual([]);
        expect(console.filter((line) => /Kernel panic .*dm-verity/.test(line))).not.toEqual([]);
        expect(console.filter((line) => inSlot('b').test(line))).toEqual([]);
        expect(await vm.statusInside('a healthy host on the older slot', isHealthy)).toMatchObject({
          hostname: 'two-slots',
          generation: 1,
        });
        // What used up its tries is taken away, and told.
        await vm.until('an end in the history', async () =>
          (await history(vm)).some(
            ({ kind, version, reason }) =>
              kind === 'rejected' && version === '99.0.0' && reason === `it did not start in ${tries} tries`,
          ),
        );
        await mountEsp(vm);
        await vm.until('an EFI partition without it', async () => !(await entries(vm)).join().includes(entry));
        wentBack += 1;

        // Repaired, and tried anew.
        const shell = await vm.shell();
        await shell.output(
          `printf '\\${wholeByte.toString(8).padStart(3, '0')}' | dd of=/dev/vda3 bs=1 seek=${flippedByte} conv=notrunc,fsync 2> /dev/null`,
        );
        let boots = 1;
        for (const { cause, reason } of chosen) {
          await (await vm.shell()).output(
            `cp ${spare} '/run/test-esp/EFI/Linux/${entry}+${tries}.efi' && umount /run/test-esp`,
          );
          await restart(vm);
          await vm.lines(inSlot('b'), boots);
          const trying = await vm.shell();
          const isBlessed = '. /usr/lib/berth/functions; is_blessed';
          await vm.until('a system that is not blessed', async () => (await trying.run(isBlessed)).exitCode === 1);
          // As a power cut leaves the partition: the guard repairs it before it writes.
          await trying.output(`printf '\\001' | dd of=/dev/vda1 bs=1 seek=${fatState} conv=notrunc,fsync 2> /dev/null`);
          await cause(vm);
          await vm.lines(new RegExp(`^berth: going back to the other system: ${reason}`), 1);
          boots += 1;
          await vm.restarted();
          await vm.lines(inSlot('a'), boots);
          const back = await vm.shell();
          expect(await back.output(`hexdump -s ${fatState} -n 1 -e '1/1 "%d"' /dev/vda1`)).toBe('0');
          await mountEsp(vm);
          const story = `cat /var/lib/berth/rejected/${entry}.txt`;
          await vm.until('the reason', async () => (await back.run(story)).output.includes(reason));
          expect((await entries(vm)).filter((name) => name.startsWith(entry))).toEqual([]);
          expect(await back.output(`cat /run/test-esp/EFI/rejected/${entry}.txt`)).toContain(reason);
          wentBack += 1;
        }
        // Nothing is wrong with it any more: it proves itself, and stays.
        await (await vm.shell()).output(
          `mv ${spare} '/run/test-esp/EFI/Linux/${entry}+${tries}.efi' && umount /run/test-esp`,
        );
        await restart(vm);
        await vm.lines(inSlot('b'), boots);
        await vm.line(/^berth: os: 99[.]0[.]0 is blessed/);
        const good = await osStatus(vm);
        expect(good).toMatchObject({ slot: 'b', bless: { kind: 'blessed' } });
        expect(good.entries.map(({ file }) => file)).toContain(`${entry}.efi`);
        await (await vm.shell()).output('berth os rollback --reason "a test" --json');
        boots += 1;
        await vm.restarted();
        await vm.lines(inSlot('a'), boots);
        await vm.statusInside('a healthy host on the older release', isHealthy);
        const story = await history(vm);
        expect(story.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['booted', 'blessed', 'rolled-back']));
        expect(story.find(({ kind }) => kind === 'rolled-back')?.reason).toContain('a test');
        for (const { reason } of chosen)
          expect(story.filter(({ kind }) => kind === 'rejected').map((event) => event.reason)).toContainEqual(
            expect.stringContaining(reason),
          );
        expect(await vm.vm.serial()).not.toMatch(/password|Press Enter/i);
        const last = await vm.statusInside('a healthy host once more', isHealthy);
        expect(last).toMatchObject({ hostname: 'two-slots', generation: 1 });
      });
    });
  },
  2 * testLimitMs,
);

async function osStatus(vm: TestVm): Promise<OsStatus> {
  return JSON.parse(await (await vm.shell()).output('berth os status --json')) as OsStatus;
}

async function history(vm: TestVm): Promise<OsEvent[]> {
  return JSON.parse(await (await vm.shell()).output('berth os history --json')) as OsEvent[];
}

async function mountEsp(vm: TestVm): Promise<void> {
  const shell = await vm.shell();
  const mount = 'mkdir -p /run/test-esp && mount -t vfat /dev/vda1 /run/test-esp';
  await vm.until('a mounted ESP', async () => (await shell.run(mount)).exitCode === 0);
}

async function entries(vm: TestVm): Promise<string[]> {
  return (await (await vm.shell()).output('ls -1 /run/test-esp/EFI/Linux')).split('\n');
}

async function restart(vm: TestVm): Promise<void> {
  await (await vm.shell()).output('sync; /usr/lib/berth/power reboot &');
  await vm.restarted();
}
