import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { clusterNode } from './examples/cluster-node.ts';
import { disksAndMounts } from './examples/disks-and-mounts.ts';
import type { Example } from './examples/example.ts';
import { hardened } from './examples/hardened.ts';
import { minimal } from './examples/minimal.ts';
import { privateRegistry } from './examples/private-registry.ts';
import { staticNetwork } from './examples/static-network.ts';
import { webServer } from './examples/web-server.ts';
import { SoakRuns, sampled } from './support/sample.ts';
import { projectDirectory } from './support/test-image.ts';
import { testLimitMs, withVm } from './support/test-vm.ts';

const examples: readonly Example[] = [
  minimal,
  webServer,
  staticNetwork,
  disksAndMounts,
  privateRegistry,
  clusterNode,
  hardened,
];

/** Their images and addresses are not to be had. */
const notForBooting = ['all-keys.yaml', 'web-and-db.yaml'];

const folder = join(projectDirectory, 'cloud-config');
const chosen = sampled(examples, 2);
const runs = new SoakRuns('example configs: each is what it promises');

afterAll(async () => runs.note());

test('every example has a row here', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  expect([...examples.map(({ file }) => file), ...notForBooting].toSorted()).toEqual(files.toSorted());
});

test.each(chosen)(
  '$file: $promise',
  async ({ file, stage }) => {
    runs.begin();
    const directory = await mkdtemp(join(tmpdir(), 'berth-example-'));
    try {
      const { vm, check, end } = await stage(await readFile(join(folder, file), 'utf8'), directory);
      try {
        await withVm(vm, async (host) => {
          await host.start();
          const status = await host.status('a healthy host', ({ state }) => state === 'healthy');
          expect(status).toMatchObject({ generation: 1, skipped: [], machine: { problems: [] } });
          await check(host);
        });
      } finally {
        await end?.();
      }
      runs.succeed();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  2 * testLimitMs,
);
