import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findFirmware } from '../../image/vm/requirements.ts';
import type { HostStatus } from '../../src/agent/model.ts';
import { buildImage, imageArchive } from '../engine/support/test-image.ts';
import { mediumDisk } from './support/medium.ts';
import { ReleaseRepository } from './support/release-repository.ts';
import { TestReleases } from './support/test-releases.ts';
import { testLimitMs, withDirectory, withVm } from './support/test-vm.ts';

const inSlot = (slot: string): RegExp => new RegExp(`^berth: slot ${slot} on`);
const runsHello = ({ services }: HostStatus): boolean =>
  services.some(({ name, state }) => name === 'hello' && state === 'running');

test(
  'a host that never saw a network gets its services’ images and its next release from a disk labelled BERTH',
  async () => {
    await withDirectory(async (directory) => {
      const releases = await TestReleases.open(directory);
      const repository = await ReleaseRepository.create(join(directory, 'www'));
      try {
        await repository.publish(await releases.make('99.0.0'));
        const archive = join(directory, 'hello.tar');
        await writeFile(archive, imageArchive(await buildImage({ of: 'the bundle' }), 'shop/hello:1'));
        const bundle = await repository.bundle('99.0.0', join(directory, 'berth-99.0.0.tar'), [archive]);
        const userData = `#cloud-config
hostname: remote
berth:
  update: {feed: /run/berth/media, channel: edge, strategy: staged, root: '${await repository.root()}'}
  services:
    hello:
      image: shop/hello:1
      network_mode: host
      command: [httpd, -f, -p, "8080", -h, /www]
      stop_signal: SIGKILL
      x-berth: {engine: system}
`;
        const change = {
          userData,
          network: { kind: 'none' },
          disk: {
            base: await releases.firstDisk(join(directory, 'host.raw')),
            baseFormat: 'raw',
            sizeBytes: 8 * 2 ** 30,
            bus: 'virtio',
          },
          extraDisks: [await mediumDisk(join(directory, 'medium.img'), [bundle])],
          boot: { kind: 'uefi', ...findFirmware('amd64') },
        } as const;
        await withVm(change, async (vm) => {
          await vm.start();
          await vm.line(inSlot('a'));
          await vm.line(/^berth: images: shop\/hello:1 from \/run\/berth\/media\/berth-99[.]0[.]0[.]tar/);
          await vm.statusInside('the service of the bundle', runsHello);
          const shell = await vm.shell();
          expect(await shell.output('ls /sys/class/net')).toBe('lo');
          expect(await shell.output('grep -c " /run/berth/media vfat ro" /proc/mounts')).toBe('1');
          // By itself, as the config has it.
          await vm.until('a staged release', async () =>
            (await shell.run('berth os status')).output.includes('staged 99.0.0'),
          );
          await shell.output('sync; /usr/lib/berth/power reboot &');
          await vm.restarted();
          await vm.line(inSlot('b'));
          await vm.line(/^berth: os: 99[.]0[.]0 is blessed/);
          await vm.statusInside('the service on the new release', runsHello);
        });
      } finally {
        await repository.close();
        await releases.close();
      }
    });
  },
  testLimitMs,
);
