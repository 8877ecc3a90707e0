import { cp, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import { runCommand } from '../../../image/command.ts';
import { buildSystemContainers } from '../../../image/system-containers.ts';
import { sshArguments } from '../../../image/vm/ssh.ts';
import type { HostStatus } from '../../../src/agent/model.ts';
import { projectDirectory } from '../support/test-image.ts';
import type { TestVm } from '../support/test-vm.ts';
import { type Example, replaced, type Stage } from './example.ts';

const recipe = join(projectDirectory, 'cloud-config/images/web-server');
const ownPage = '<p>mine</p>';

/** web-server.yaml. */
export const webServer: Example = {
  file: 'web-server.yaml',
  promise: 'an image from an archive on a disk serves pages that outlive it; its next version is loaded by ssh',
  stage: async (text, directory) => {
    const archives = join(directory, 'archives');
    await mkdir(archives);
    await cp(await buildImage(recipe), join(archives, 'web-server.tar'));
    // Broken ones beside it do not matter.
    await writeFile(join(archives, 'torn.tar.gz'), 'no archive');
    const disk = join(directory, 'images.img');
    // As the example's head has it.
    await runCommand('mke2fs', ['-q', '-t', 'ext4', '-L', 'images', '-d', archives, disk, '64M'], {
      environment: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    const next = await nextVersion(directory);
    const extraDisks = [{ name: 'images', sizeBytes: 2 ** 26, bus: 'virtio', base: disk }] as const;
    return {
      vm: { userData: text, extraDisks, guestPorts: [80] },
      check: async (vm) => check(vm, text, next),
    };
  },
};

const check = async (vm: TestVm, text: string, nextArchive: string): ReturnType<Stage['check']> => {
  expect(await page(vm)).toContain('This page came with the image');
  const shell = await vm.shell();
  expect(await shell.output('cat /proc/sys/vm/swappiness')).toBe('10');
  const server = '$(pidof lighttpd | cut -d " " -f 1)';
  expect(await shell.output(`nsenter -t ${server} -n cat /proc/sys/net/core/somaxconn`)).toBe('4096');
  expect(await shell.output(`awk '/^Uid/ {print $2}' /proc/${server}/status`)).toBe('33');

  await inConsole(vm, `echo '${ownPage}' > index.html && docker cp -q index.html berth-web:/srv/www/`);
  expect(await page(vm)).toBe(`${ownPage}\n`);

  const client = await vm.client();
  const web = ({ services }: HostStatus) => services.find(({ name }) => name === 'web');
  const before = web(await client.status());
  const changed = { file: 'changed.yaml', text: replaced(text, [['berth/web-server:1', 'berth/web-server:2']]) };
  const options = { who: 'test', command: 'test', timeoutMs: 0, wait: false };
  await client.apply({ files: [changed] }, options, () => undefined);
  await vm.status(
    'a pull that found no archive',
    (status) => web(status)?.detail.includes('torn.tar.gz cannot be read') === true,
  );
  await inConsole(vm, 'docker load -q', nextArchive);
  // Until the image is there, the old one runs, and is healthy.
  const after = await vm.status(
    'the next version',
    (status) => status.state === 'healthy' && web(status)?.imageId !== before?.imageId,
  );
  expect(web(after)).toMatchObject({ state: 'healthy', image: 'berth/web-server:2' });
  expect(await page(vm)).toBe(`${ownPage}\n`);
};

/** From outside, as browsers do. */
async function page(vm: TestVm): Promise<string> {
  return (await fetch(`http://127.0.0.1:${vm.portTo(80)}/`)).text();
}

/** Runs a command line in the console, as a person there. */
async function inConsole(vm: TestVm, line: string, inputFile?: string): Promise<void> {
  const input = inputFile === undefined ? undefined : await open(inputFile);
  try {
    await runCommand('ssh', [...sshArguments(vm.target), line], input === undefined ? {} : { input: input.fd });
  } finally {
    await input?.close();
  }
}

async function buildImage(folder: string): Promise<string> {
  const [image] = await buildSystemContainers({ recipesDirectory: dirname(folder), names: ['web-server'] });
  if (image === undefined) throw new Error('no image was built');
  return image.archive;
}

/** The same image with another tag. */
async function nextVersion(directory: string): Promise<string> {
  const folder = join(directory, 'recipes/web-server');
  await cp(recipe, folder, { recursive: true });
  const file = join(folder, 'recipe.yaml');
  await writeFile(file, replaced(await readFile(file, 'utf8'), [['version: "1"', 'version: "2"']]));
  return buildImage(folder);
}
