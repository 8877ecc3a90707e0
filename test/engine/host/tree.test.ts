import { mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/agent/system-clock.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { treePorts } from '../../../src/host/host-ports.ts';
import { HostReconciler } from '../../../src/host/host-reconciler.ts';
import { skippedInTree } from '../../../src/host/plan.ts';
import { imageEtc } from '../../unit/host/support.ts';

const text = `#cloud-config
hostname: web
timezone: UTC
users: [{name: ops, groups: [docker]}]
write_files:
- {path: /etc/motd, content: "ours\\n", append: true}
- {path: /opt/app/run, content: x, permissions: "0755", owner: "ops:ops"}
mounts: [[LABEL=data, /data]]
berth: {sysctl: {kernel.panic: 30}, modules: [overlay]}
`;
const { config } = parseConfig([{ file: 'a', text }]);
let tree: string;
const at = (path: string): string => join(tree, path);

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'berth-tree-'));
  for (const [path, content] of Object.entries({ ...imageEtc, '/usr/share/zoneinfo/UTC': 'TZif' })) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), content);
  }
});
afterAll(async () => await rm(tree, { recursive: true, force: true }));

test('a system below a directory is set up, without touching the one that runs', async () => {
  const reconciler = new HostReconciler({
    ports: treePorts(tree),
    clock: systemClock,
    recorder: { record: () => undefined },
  });
  const signal = new AbortController().signal;
  const { failed, blocked, left } = await reconciler.reconcile(config, { phase: 'all', firstApply: true }, signal);
  expect({ failed, blocked, left }).toEqual({ failed: [], blocked: [], left: [] });
  expect((await reconciler.plan(config, { previous: config })).steps).toEqual([]);

  expect(await readFile(at('/etc/hostname'), 'utf8')).toBe('web\n');
  expect(await readFile(at('/etc/motd'), 'utf8')).toBe('the image says hello\nours\n');
  expect(await readFile(at('/etc/fstab'), 'utf8')).toContain('LABEL=data /data auto defaults,nofail 0 0\n');
  expect(await readlink(at('/etc/localtime'))).toBe('../usr/share/zoneinfo/UTC');
  const [program, home] = [await stat(at('/opt/app/run')), await stat(at('/var/home/ops'))];
  expect([program.uid, program.mode & 0o777, home.uid]).toEqual([1000, 0o755, 1000]);
  expect(skippedInTree(config).map(({ key }) => key)).toEqual([
    'mounts["/data"]',
    'berth.sysctl["kernel.panic"]',
    'berth.modules.overlay',
  ]);
});
