import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/agent/system-clock.ts';
import { applyTree } from '../../src/cli/commands/apply-tree.ts';
import type { Cli } from '../../src/cli/context.ts';
import { createStyle } from '../../src/cli/style.ts';
import { IgnitionApply } from './support/ignition-apply.ts';
import { acceptedConfigs, ignitionCorpus } from './support/ignition-corpus.ts';
import { treeConfigs } from './support/tree-configs.ts';

let work: string;
let engine: IgnitionApply;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'berth-trees-'));
  engine = await IgnitionApply.build();
}, 300_000);
afterAll(async () => await rm(work, { recursive: true, force: true }));

test('the tree of a config is that which Ignition writes, in content, mode, owner and links', async () => {
  const corpus = await acceptedConfigs(await ignitionCorpus());
  const configs = [...treeConfigs(), ...corpus.filter(({ text, major }) => major === 3 && isOfFiles(text))];
  const differences: unknown[] = [];
  let [compared, failed] = [0, 0];
  for (const [index, { name, text }] of configs.entries()) {
    const [theirs, ours] = [join(work, `${index}-theirs`), join(work, `${index}-ours`)];
    for (const root of [theirs, ours]) await makeRoot(root);
    const failure = await engine.run(text, theirs);
    // It asks a running systemd for its version where there are instances.
    if (failure !== undefined && text.includes('@')) continue;
    const exitCode = await applyOurs(text, ours, `${work}/${index}.ign`);
    if (failure !== undefined) {
      failed += 1;
      if (exitCode === 0) differences.push({ name, theirs: failure, ours: 'done' });
      continue;
    }
    compared += 1;
    const [expected, found] = [await listing(theirs), await listing(ours)];
    if (exitCode !== 0 || JSON.stringify(expected) !== JSON.stringify(found)) {
      const only = (one: readonly string[], other: readonly string[]): string[] =>
        one.filter((line) => !other.includes(line));
      differences.push({ name, exitCode, theirs: only(expected, found), ours: only(found, expected) });
    }
  }
  process.stderr.write(`Ignition: ${compared} trees compared, ${failed} configs that neither applies\n`);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(50);
}, 300_000);

/** Configs that say something about files, and need no server and no accounts. */
function isOfFiles(text: string): boolean {
  const { storage = {}, systemd, passwd, ignition } = JSON.parse(text) as Record<string, Record<string, unknown>>;
  const isRemote = /"(https?|tftp|s3|gs|arn):/.test(text) || ignition?.['config'] !== undefined;
  const isOfDisks = ['disks', 'raid', 'filesystems', 'luks'].some((key) => storage[key] !== undefined);
  const hasFiles = storage['files'] ?? storage['directories'] ?? storage['links'] ?? systemd;
  return !isRemote && !isOfDisks && passwd === undefined && hasFiles !== undefined;
}

/** What is there before: accounts to own things, and files that are in the way. */
async function makeRoot(root: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true, mode: 0o755 });
  await mkdir(join(root, 'srv/there'), { recursive: true });
  const group = 'root:x:0:\nwww:x:900:\n';
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\napp:x:1500:900::/:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), group);
  await writeFile(join(root, 'etc/shadow'), 'root:*:1::::::\napp:*:1::::::\n', { mode: 0o600 });
  await writeFile(join(root, 'srv/present'), 'it is there\n', { mode: 0o640 });
}

async function applyOurs(text: string, root: string, file: string): Promise<number> {
  await writeFile(file, text);
  const output = { write: () => true, isTTY: false };
  const context = {
    cwd: work,
    clock: systemClock,
    signal: new AbortController().signal,
    stderr: output,
    stdout: output,
  };
  const flags = { only: 'host' };
  const style = createStyle(output, {}, false);
  const cli = { context, flags, style, print: () => undefined, printJson: () => undefined } as unknown as Cli;
  return await applyTree(cli, root, [file]);
}

/** A line for everything below a directory. */
async function listing(root: string): Promise<string[]> {
  const identities = new Map<string, string>();
  const lines: string[] = [];
  for (const path of (await readdir(root, { recursive: true })).toSorted()) {
    const full = join(root, path);
    const status = await lstat(full);
    const identity = `${status.dev}:${status.ino}`;
    const first = status.isFile() ? identities.get(identity) : undefined;
    identities.set(identity, path);
    const what = status.isSymbolicLink()
      ? `-> ${await readlink(full)}`
      : status.isDirectory()
        ? 'directory'
        : createHash('sha256')
            .update(await readFile(full))
            .digest('hex');
    const mode = status.isSymbolicLink() ? '' : (status.mode & 0o7777).toString(8);
    lines.push(`${path} ${mode} ${status.uid}:${status.gid} ${what}${first === undefined ? '' : ` = ${first}`}`);
  }
  return lines;
}
