import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { installPackages } from '../../../src/engine/binaries.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { realDevice } from '../../../src/host/storage/device-node.ts';

test('each disk on PCI is found by the path that udev itself has for it', async () => {
  await installPackages(['udev']);
  const found: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  for (const disk of await readdir('/sys/block')) {
    const directory = join('/sys/block', disk);
    if (!(await realpath(directory)).startsWith('/sys/devices/pci')) continue;
    const told = await runCommand('udevadm', ['test-builtin', 'path_id', directory]);
    const [, path] = /^ID_PATH=(.+)$/m.exec(told) ?? [];
    wanted[`${path}`] = `/dev/${disk}`;
    found[`${path}`] = await realDevice(`/dev/disk/by-path/${path}`);
  }
  expect(found).toEqual(wanted);
});
