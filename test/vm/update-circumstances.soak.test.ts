import { afterAll, expect, test } from '@jest/globals';
import type { UpdateStatus } from '../../src/update/machine/update-status.ts';
import { SoakRuns } from './support/sample.ts';
import { bootLimitMs } from './support/test-vm.ts';
import { isHealthy, type UpdatingHost, withReleases, withUpdatingHost } from './support/updating-host.ts';

const runs = new SoakRuns('updates under odd circumstances: the new release, well, or why not');
afterAll(async () => runs.note());

const limitMs = 5 * bootLimitMs;

test(
  'a second update before the restart: the newer release takes the place of the staged one, and only it is booted',
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const { releases, repository } = works;
      const [second, third] = [await releases.make('99.0.0'), await releases.make('99.1.0')];
      await repository.publish(second);
      await withUpdatingHost(works, {}, async (host) => {
        expect(await host.update('--stage-only')).toMatchObject({ outcome: 'staged', version: second.version });
        await repository.publish(third);
        const end = await host.update('--stage-only');
        expect(end).toMatchObject({ outcome: 'staged', version: third.version });
        // What the slot holds already is not fetched again.
        expect(end.bytesFetched).toBeLessThan(20e6);
        expect(await host.entries()).toEqual([`berth_${host.first.version}.efi`, `berth_${third.version}+3.efi`]);
        await host.restart();
        await host.keeps(third);
        const story = (await host.history()).map(({ kind, version }) => `${kind} ${version}`).toReversed();
        expect(story.slice(-5)).toEqual([
          ...[`staged ${second.version}`, `dropped ${second.version}`, `staged ${third.version}`],
          ...[`booted ${third.version}`, `blessed ${third.version}`],
        ]);
        expect(await reasonOf(host, 'dropped')).toBe(`${third.version} takes its place`);
      });
    });
    runs.succeed();
  },
  limitMs,
);

test(
  'a machine whose clock says 2000: it takes a release, by the time of its image, and keeps it',
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const next = await works.releases.make('99.0.0');
      await works.repository.publish(next);
      const vm = { clock: '2000-01-01T00:00:00' };
      await withUpdatingHost(works, { berth: '  enable: [ntp]\n', vm }, async (host) => {
        const shell = await host.vm.shell();
        // An emulated clock is not believed: it is that of the image, which is before everything that was signed today.
        const epoch = Number(await shell.output('cat /usr/lib/berth/epoch'));
        const seconds = Number(await shell.output('date +%s'));
        expect(seconds).toBeGreaterThanOrEqual(epoch);
        expect(seconds).toBeLessThan(epoch + 3600);
        expect(await host.update()).toMatchObject({ outcome: 'restarting', version: next.version });
        await host.keeps(next);
        expect(await reasonOf(host, 'blessed')).toBe('its health gate is open');
      });
    });
    runs.succeed();
  },
  limitMs,
);

const daysAway = 4;

test(
  `a repository that does not answer for ${daysAway} days: the host says so, runs on, and takes the release afterwards`,
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const { releases, repository } = works;
      const next = await releases.make('99.0.0');
      await repository.publish(next);
      await repository.server.stop();
      await withUpdatingHost(works, { strategy: 'immediate' }, async (host) => {
        for (let days = 0; days <= daysAway; days += 1) {
          const failures = days + 1;
          await host.vm.until(`${failures} looks that fail`, async () => failuresOf(await updates(host)) >= failures);
          const { lastLook, nextLook } = await updates(host);
          expect(lastLook).toMatchObject({ failures, outcome: expect.stringMatching(/does not answer|refused/i) });
          expect(nextLook).not.toBeNull();
          const status = await host.vm.statusInside('a healthy host', isHealthy);
          expect(status.machine?.release?.lastLook?.failures).toBe(failures);
          expect(await host.os('status')).toMatch(new RegExp(`last look .*(does not answer|refused)`, 'is'));
          if (days < daysAway) await nextDay(host);
        }
        await repository.server.listenAgain();
        await nextDay(host);
        await host.keeps(next);
        expect((await updates(host)).lastLook?.failures).toBe(0);
        expect(await reasonOf(host, 'staged')).toBe(`${next.version} is offered`);
      });
    });
    runs.succeed();
  },
  limitMs,
);

test(
  'a full state partition: the update is refused and changes nothing; with room again, it is taken',
  async () => {
    runs.begin();
    await withReleases(async (works) => {
      const next = await works.releases.make('99.0.0');
      await works.repository.publish(next);
      await withUpdatingHost(works, {}, async (host) => {
        await fillState(host);
        const refused = await host.tryOs('update');
        expect(refused).toMatchObject({ exitCode: 1, output: expect.stringMatching(/no space|full/i) });
        expect(await host.entries()).toEqual([`berth_${host.first.version}.efi`]);
        expect((await updates(host)).state).toBe('idle');

        // Nor does a restart change that, or cost the host anything.
        await host.restart();
        await host.comesUpIn('a');
        await host.vm.statusInside('an agent on a full disk', () => true);
        expect(await host.tryOs('update')).toMatchObject({
          ...{ exitCode: 1, output: expect.stringMatching(/no space|full/i) },
        });
        expect(await (await host.vm.shell()).output('readlink /var/run')).toBe('/run');
        expect(await host.entries()).toEqual([`berth_${host.first.version}.efi`]);

        await (await host.vm.shell()).output('rm /var/fill*; sync');
        await host.vm.statusInside('a healthy host', isHealthy);
        expect(await host.update()).toMatchObject({ outcome: 'restarting', version: next.version });
        await host.keeps(next);
      });
    });
    runs.succeed();
  },
  limitMs,
);

async function updates(host: UpdatingHost): Promise<UpdateStatus> {
  const { update } = await host.json<{ readonly update: UpdateStatus }>('status');
  return update;
}

const failuresOf = ({ lastLook }: UpdateStatus): number => lastLook?.failures ?? 0;

/** The newest event of a kind. */
async function reasonOf(host: UpdatingHost, kind: string): Promise<string | undefined> {
  return (await host.history()).find((event) => event.kind === kind)?.reason;
}

/** A day passes for the host. */
async function nextDay(host: UpdatingHost): Promise<void> {
  await (await host.vm.shell()).output('date -s "@$(($(date +%s) + 86400))"');
}

/** Leaves not a block free. */
async function fillState(host: UpdatingHost): Promise<void> {
  const shell = await host.vm.shell();
  await shell.run('fallocate -l "$(($(stat -f -c "%a * %S" /var) - 16777216))" /var/fill');
  await shell.run('dd if=/dev/zero of=/var/fill-rest bs=4096; sync; dd if=/dev/zero of=/var/fill-last bs=4096; sync');
  expect((await shell.run('echo full > /var/lib/berth/probe && sync /var/lib/berth/probe')).exitCode).not.toBe(0);
}
