import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineMirror } from '../../../image/apt.ts';
import {
  type EngineBinaries,
  fetchEngineBinaries,
  findEngineBinaries,
  installPackages,
} from '../../../src/engine/binaries.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { cacheDir, cachedDirectory } from './cache.ts';

/** The oldest and the newest engine that Berth is tested on. */
export type EngineVersion = '20.10' | '26.1';

/** Programs of one engine version and the root directory they run in; `/` is the machine's own. */
export interface EngineRelease {
  readonly root: string;
  readonly binaries: EngineBinaries;
}

const trixiePackages = ['docker.io', 'docker-compose', 'docker-cli', 'iptables', 'ca-certificates'];

/** Tools that the rigs call, by package. */
const tools: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  iptables: 'iptables',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  'mkfs.xfs': 'xfsprogs',
};

/** Installs the tools that the rigs need and this machine lacks. */
export async function installTools(): Promise<void> {
  const missing: string[] = [];
  for (const [command, name] of Object.entries(tools)) {
    const found = await runCommand('sh', ['-c', `command -v ${command}`]).catch(() => '');
    if (found === '') missing.push(name);
  }
  if (missing.length > 0) await installPackages([...new Set(missing)]);
}

/** Finds or makes the programs of an engine version. Quick when the cache is warm. */
export async function engineRelease(version: EngineVersion): Promise<EngineRelease> {
  switch (version) {
    case '20.10':
      return { root: '/', binaries: await bookwormEngine() };
    case '26.1':
      return { root: await trixieRoot(), binaries: trixieBinaries };
  }
}

const trixieBinaries: EngineBinaries = {
  dockerd: '/usr/sbin/dockerd',
  containerd: '/usr/bin/containerd',
  runc: '/usr/sbin/runc',
  path: '/usr/sbin:/usr/bin',
  libraryPath: '',
  version: '26.1',
};

async function bookwormEngine(): Promise<EngineBinaries> {
  const installed = await findEngineBinaries();
  if (installed?.version.startsWith('20.10') === true) return installed;
  const fetched = await fetchEngineBinaries(cacheDir, (line) => process.stderr.write(`${line}\n`));
  if (fetched.version.startsWith('20.10')) return fetched;
  throw new Error(`the 20.10 tests need Debian 12's docker.io; this machine offers ${fetched.version}`);
}

async function trixieRoot(): Promise<string> {
  const recipe = ['trixie', 'minbase', ...trixiePackages].join(' ');
  const root = await cachedDirectory('trixie-docker', recipe, async (directory) => {
    await runCommand('mmdebstrap', [
      '--quiet',
      '--variant=minbase',
      `--include=${trixiePackages.join(',')}`,
      'trixie',
      directory,
      (await machineMirror()).archive,
    ]);
  });
  // The chroot resolves names as this machine does now, not as the one that filled the cache did.
  await copyFile('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  return root;
}
