import { expect, test } from '@jest/globals';
import type { HostStatus } from '../../src/agent/model.ts';
import { noted } from './support/sample.ts';
import { bootLimitMs } from './support/test-vm.ts';
import { withReleases, withUpdatingHost } from './support/updating-host.ts';

const isHeld = ({ services }: HostStatus): boolean =>
  services.some(({ name, state }) => name === 'orders' && state === 'failed');

const orders = `  volumes: {orders: {x-berth: {rollback: forward-only}}}
  services:
    orders:
      image: berth/busybox:latest
      pull_policy: never
      network_mode: none
      command: [sleep, '1000000']
      stop_signal: SIGKILL
      volumes: ["orders:/orders"]
      x-berth: {engine: system}
`;

test(
  'a release that is not well stays when a volume went forward with it; an operator may go back, and the boot loader’s own way back holds the service',
  noted('a release whose volume went forward stays though it is not well, and what an operator can do', async () => {
    await withReleases(async (works) => {
      const bad = await works.releases.make('99.0.0');
      const command = `[sh, -c, '! grep -q ${bad.slot.rootHash} /proc/cmdline']`;
      const health = `{deadline: 240s, checks: [{name: not-the-bad-one, command: ${command}}]}`;
      await works.repository.publish(bad);
      await withUpdatingHost(works, { health, berth: orders }, async (host) => {
        await host.update('--stage-only');
        await host.restart();
        await host.comesUpIn('b');
        await host.vm.line(
          /^berth: this system is not well and stays, because services ran with volumes that go forward only/,
        );
        expect((await host.status()).volumes.forwardOnly).toEqual(['system/berth_orders']);
        const blocked = (await host.history()).find(({ kind }) => kind === 'rollback-blocked');
        expect(blocked?.reason).toContain('it was not healthy within 240 seconds: not-the-bad-one');
        expect((await host.tryOs('rollback 2>&1')).output).toContain('--force');

        // Each restart is a try; after the third, the boot loader comes to the other release by itself.
        for (const slot of ['b', 'b', 'a'] as const) {
          await host.restart();
          await host.comesUpIn(slot);
        }
        const held = await host.vm.statusInside('the service that is held', isHeld);
        expect(held.services.find(({ name }) => name === 'orders')?.detail).toContain('99.0.0 ran with its volume');
        await (await host.vm.shell()).output('berth service start orders');
        await host.vm.statusInside('the service that an operator wants', (status) => !isHeld(status));
        expect(host.first.version).not.toBe(bad.version);
      });
    });
  }),
  5 * bootLimitMs,
);
