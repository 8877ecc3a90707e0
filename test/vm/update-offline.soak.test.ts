import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { HostStatus } from '../../src/agent/model.ts';
import { buildImage, imageArchive } from '../engine/support/test-image.ts';
import { mediumDisk } from './support/medium.ts';
import { noted } from './support/sample.ts';
import { testLimitMs } from './support/test-vm.ts';
import { withReleases, withUpdatingHost } from './support/updating-host.ts';

const runsHello = ({ services }: HostStatus): boolean =>
  services.some(({ name, state }) => name === 'hello' && state === 'running');

const hello = `  services:
    hello:
      image: shop/hello:1
      network_mode: host
      command: [httpd, -f, -p, "8080", -h, /www]
      stop_signal: SIGKILL
      x-berth: {engine: system}
`;

test(
  'a host that never saw a network gets its services’ images and its next release from a disk labelled BERTH',
  noted('images and a release from a disk labelled BERTH, without a network', async () => {
    await withReleases(async (works) => {
      const { releases, repository, directory } = works;
      const next = await releases.make('99.0.0');
      await repository.publish(next);
      const archive = join(directory, 'hello.tar');
      await writeFile(archive, imageArchive(await buildImage({ of: 'the bundle' }), 'shop/hello:1'));
      const bundle = await repository.bundle('99.0.0', join(directory, 'berth-99.0.0.tar'), [archive]);
      const medium = await mediumDisk(join(directory, 'medium.img'), [bundle]);
      const vm = { network: { kind: 'none' }, extraDisks: [medium] } as const;
      const change = { feed: '/run/berth/media', strategy: 'staged', berth: hello, vm } as const;
      await withUpdatingHost(works, change, async (host) => {
        await host.vm.line(/^berth: images: shop\/hello:1 from \/run\/berth\/media\/berth-99[.]0[.]0[.]tar/);
        await host.vm.statusInside('the service of the bundle', runsHello);
        const shell = await host.vm.shell();
        expect(await shell.output('ls /sys/class/net')).toBe('lo');
        expect(await shell.output('grep -c " /run/berth/media vfat ro" /proc/mounts')).toBe('1');
        // By itself, as the config has it.
        await host.vm.until('a staged release', async () =>
          (await host.tryOs('status')).output.includes('staged 99.0.0'),
        );
        await host.restart();
        await host.keeps(next);
        await host.vm.statusInside('the service on the new release', runsHello);
      });
    });
  }),
  testLimitMs,
);
