import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import { plainLines } from '../../image/vm/serial-text.ts';
import type { OsEvent } from '../../src/update/os-status.ts';
import { noted } from './support/sample.ts';
import { type TestRelease, TestReleases } from './support/test-releases.ts';
import { bootLimitMs, type TestVm, withDirectory, withVm } from './support/test-vm.ts';
import { isHealthy, withReleases, withUpdatingHost } from './support/updating-host.ts';

const up = /^berth: slot a on/;
const isBlessed = /^berth: os: .* is blessed/;
const key = 'berth.kernel.arguments';

function config(words: readonly string[], strategy: 'immediate' | 'staged'): string {
  return `#cloud-config
hostname: arguments
berth:
  kernel: {arguments: ${JSON.stringify(words)}}
  update:
    strategy: ${strategy}
    health:
      deadline: ${words.includes('test.sick=1') ? '150s' : '600s'}
      checks: [{name: not-sick, command: [sh, -c, '! grep -q test.sick /proc/cmdline']}]
`;
}

test(
  'kernel arguments of a config come with one restart, and go with another; those that the host does not come up with, or is not well with, are taken back',
  noted('kernel arguments come and go with a restart; bad ones are taken back', async () => {
    await withDirectory(async (directory) => {
      const releases = await TestReleases.open(directory);
      try {
        const change = {
          userData: config(['test.one=1', 'audit=0'], 'immediate'),
          disk: {
            base: await releases.firstDisk(join(directory, 'host.raw')),
            ...({ baseFormat: 'raw', sizeBytes: 8 * 2 ** 30, bus: 'virtio' } as const),
          },
          boot: { kind: 'uefi', ...findFirmware('amd64') },
        } as const;
        await withVm(change, async (vm) => {
          await vm.start();
          // By itself, as the strategy says: once.
          await vm.lines(up, 2);
          await vm.restarted();
          await vm.lines(isBlessed, 1);
          await vm.statusInside('a healthy host', isHealthy);
          expect(await commandLine(vm)).toMatch(/^berth[.]usr=.* test[.]one=1 audit=0$/);
          expect(await entries(vm)).toEqual([expect.stringMatching(/^berth_.*-arguments-[0-9a-f]{12}[.]conf$/)]);

          // Others wait for whoever restarts the host.
          const plan = await berth(vm, config(['test.two="a b"'], 'staged'), 'plan --json');
          expect(plan).toMatch(/"kind": ?"stage-kernel-arguments"/);
          expect(plan).toMatch(/"cost": ?"reboot"/);
          await berth(vm, config(['test.two="a b"'], 'staged'), 'apply');
          const waiting = await vm.statusInside('what waits', ({ machine }) => machine?.pending?.length === 1);
          expect(waiting.machine?.pending).toEqual([`${key}: kernel arguments test.two="a b" at the next boot`]);
          expect(await commandLine(vm)).toContain('test.one=1');
          await restart(vm, 3);
          await vm.lines(isBlessed, 2);
          expect(await commandLine(vm)).toMatch(/ test[.]two="a b"$/);
          expect(await entries(vm)).toHaveLength(1);

          // Without its file system the initrd has no /usr: no guard runs, only the boot loader counts.
          await berth(vm, config(['module_blacklist=erofs'], 'staged'), 'apply');
          await (await vm.shell()).output('sync; /usr/lib/berth/power reboot &');
          await vm.restarted();
          await vm.lines(up, 4);
          expect(
            plainLines(await vm.vm.serial()).filter((line) => /cannot boot: cannot mount \/usr/.test(line)),
          ).toHaveLength(3);
          await vm.statusInside('a healthy host', isHealthy);
          expect(await commandLine(vm)).toMatch(/ test[.]two="a b"$/);
          expect(await berth(vm, config(['module_blacklist=erofs'], 'staged'), 'plan --json')).toContain(
            'was tried and taken back: the host did not come up in 3 tries',
          );

          // Here the health gate stays closed, and the guard goes back.
          await berth(vm, config(['test.sick=1'], 'staged'), 'apply');
          await restart(vm, 5);
          await vm.lines(
            /^berth: going back to the kernel arguments of before: it was not healthy within 150 seconds/,
            1,
          );
          await vm.restarted();
          await vm.lines(up, 6);
          await vm.statusInside('a healthy host', isHealthy);
          expect(await commandLine(vm)).toMatch(/ test[.]two="a b"$/);
          const history = JSON.parse(await (await vm.shell()).output('berth os history --json')) as OsEvent[];
          expect(history.find(({ kind }) => kind === 'arguments-rejected')?.reason).toContain('not-sick');
          expect(history.filter(({ kind }) => kind === 'rejected')).toEqual([]);
          expect(await berth(vm, config(['test.sick=1'], 'staged'), 'plan --json')).toContain(
            'was tried and taken back',
          );

          await berth(vm, config([], 'staged'), 'apply');
          await restart(vm, 7);
          await vm.lines(isBlessed, 3);
          expect(await commandLine(vm)).not.toContain('test.');
          await vm.until('no entries', async () => (await entries(vm)).length === 0);
          await restart(vm, 8);
          await vm.statusInside('a healthy host', isHealthy);
          expect(await commandLine(vm)).not.toContain('test.');
        });
      } finally {
        await releases.close();
      }
    });
  }),
  8 * bootLimitMs,
);

test(
  'a release is tried with the kernel arguments of the one before, and blessed or taken back with them',
  noted('a release is tried with the kernel arguments of the one before', async () => {
    await withReleases(async (works) => {
      const [bad, good] = [await works.releases.make('98.0.0'), await works.releases.make('99.0.0')];
      await works.repository.publish(bad);
      const gate = `{name: not-the-bad-one, command: [sh, -c, '! grep -q ${bad.slot.rootHash} /proc/cmdline']}`;
      const change = { health: `{deadline: 240s, checks: [${gate}]}`, berth: '  kernel: {arguments: [test.one=1]}\n' };
      await withUpdatingHost(works, change, async (host) => {
        const { vm } = host;
        const startedFrom = ({ slot }: TestRelease): RegExp =>
          new RegExp(`^berth[.]usr=${slot.rootHash}:.* test[.]one=1$`);
        await vm.statusInside('what waits', ({ machine }) => machine?.pending?.length === 1);
        await host.restart();
        await host.comesUpIn('a');
        await vm.line(isBlessed);

        await host.update('--stage-only');
        await host.restart();
        await host.comesUpIn('b');
        expect(await commandLine(vm)).toMatch(startedFrom(bad));
        expect((await host.isBackFrom(bad)).reason).toContain('not-the-bad-one');
        expect(await commandLine(vm)).toMatch(startedFrom(host.first));

        await works.repository.publish(good);
        await host.update('--stage-only');
        await host.restart();
        await host.keeps(good);
        expect(await commandLine(vm)).toMatch(startedFrom(good));
        await vm.until('the entry', async () =>
          (await entries(vm)).some((file) => /^berth_99[.]0[.]0-arguments-[0-9a-f]{12}[.]conf$/.test(file)),
        );
        await host.restart();
        await host.comesUpIn('b');
        expect(await commandLine(vm)).toMatch(startedFrom(good));
      });
    });
  }),
  8 * bootLimitMs,
);

/** What the host's own `berth` says to a config. */
async function berth(vm: TestVm, text: string, command: string): Promise<string> {
  const [verb = '', ...options] = command.split(' ');
  const shell = await vm.shell();
  const file = '/run/config.yaml';
  const write = `echo ${Buffer.from(text).toString('base64')} | base64 -d > ${file}`;
  return (await shell.run(`${write} && berth ${verb} ${options.join(' ')} ${file} 2>&1`, 400_000)).output;
}

async function commandLine(vm: TestVm): Promise<string> {
  return (await (await vm.shell()).output('cat /proc/cmdline')).trim();
}

async function entries(vm: TestVm): Promise<string[]> {
  const list =
    'mkdir -p /run/test-esp && mount -t vfat -o ro /dev/vda1 /run/test-esp && ls -1 /run/test-esp/loader/entries; umount /run/test-esp';
  return (await (await vm.shell()).output(list)).split('\n').filter((line) => line !== '');
}

async function restart(vm: TestVm, boots: number): Promise<void> {
  await (await vm.shell()).output('sync; /usr/lib/berth/power reboot &');
  await vm.restarted();
  await vm.lines(up, boots);
}
