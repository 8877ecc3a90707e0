import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DetachedProcess,
  findDetached,
  identifyProcess,
  isAlive,
  spawnDetached,
  terminate,
} from '../../../src/engine/detached-process.ts';
import { DockerEngine } from '../../../src/engine/docker.ts';
import {
  containerdArguments,
  containerdConfigText,
  dockerdArguments,
  type EngineSpec,
  engineEnvironment,
  enginePaths,
} from '../../../src/engine/engine-spec.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { cacheDir } from './cache.ts';
import { type EngineVersion, engineRelease, installTools } from './engine-versions.ts';
import { cgroupPids, killAll, mountNamespacePids, removeCgroup } from './process-cleanup.ts';
import { networkConfig, returnNetwork, type TestNetwork, takeNetwork } from './test-network.ts';

export interface PrivateEngineOptions {
  readonly version: EngineVersion;
  /** `plain` (default): bridge and iptables; `system`: neither. */
  readonly role?: 'system' | 'plain';
  /** Letters, digits and dashes; at most 20, it is part of a socket path. */
  readonly name: string;
  /** Added to daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** `v2`: it sees only the unified hierarchy, as on the image; default: what this machine has. */
  readonly cgroups?: 'v2';
  /** Its images and containers get a file system of their own of this size, to be filled. */
  readonly diskMegabytes?: number;
  /** Default: memory, which can grow. `xfs`: with reflinks, as a host's state partition; at least 300 MB. */
  readonly diskType?: 'xfs';
}

/** A real dockerd with its own containerd, roots, socket and bridge; nothing of it is left after `stop`. */
export interface PrivateEngine {
  readonly version: EngineVersion;
  readonly socket: string;
  readonly engine: DockerEngine;
  readonly stateDir: string;
  readonly containerdSocket: string;
  /** Put before a command line to run it where this engine runs: `[...command, 'docker-compose', 'up']` with DOCKER_HOST set. */
  readonly command: readonly string[];
  /** pid of dockerd. */
  pid(): number;
  /** Ends dockerd (its containers live on) and starts it again. */
  restart(): Promise<void>;
  /** SIGKILLs dockerd and leaves it dead; `restart` brings it back. */
  kill9(): Promise<void>;
  /** Makes the disk of `diskMegabytes` larger. */
  growDisk(megabytes: number): Promise<void>;
  stop(): Promise<void>;
}

const prefix = 'bte-';
const temporary = '/tmp';

/** Starts an engine. What crashed test runs left behind is cleaned up first. */
export async function privateEngine(options: PrivateEngineOptions): Promise<PrivateEngine> {
  await installTools();
  const release = await engineRelease(options.version);
  const stateDir = await claimDirectory(options.name);
  await mkdir(join(stateDir, 'run'), { recursive: true });
  const network = options.role === 'system' ? undefined : await takeNetwork();
  if (network !== undefined) await writeFile(join(stateDir, 'network.json'), JSON.stringify(network));

  const spec: EngineSpec = {
    role: options.role === 'system' ? 'system' : 'user',
    stateDir,
    binaries: release.binaries,
    containerd: { kind: 'own' },
    config: {
      'live-restore': true,
      'log-driver': 'local',
      'cgroup-parent': `/${basename(stateDir)}`,
      ...(network === undefined ? {} : networkConfig(network)),
      ...options.config,
    },
  };
  const paths = enginePaths(spec);
  await writeFile(paths.daemonConfig, JSON.stringify(spec.config));
  await writeFile(paths.containerdConfig, containerdConfigText);
  try {
    const command = await makeNamespace(stateDir, release.root, options);
    const env = engineEnvironment(spec, process.env);
    const start = (program: string, args: string[], logFile: string, pidFile: string) =>
      spawnDetached({
        command: command[0] ?? '',
        args: [...command.slice(1), program, ...args],
        env,
        logFile,
        pidFile,
      });
    const startDockerd = async (): Promise<DetachedProcess> => {
      await rm(paths.dockerdOwnPid, { force: true });
      const dockerd = await start(release.binaries.dockerd, dockerdArguments(spec), paths.dockerdLog, paths.dockerdPid);
      await answers(paths.socket, dockerd, paths.dockerdLog);
      return dockerd;
    };
    await start(release.binaries.containerd, containerdArguments(spec), paths.containerdLog, paths.containerdPid);
    let dockerd = await startDockerd();
    return {
      version: options.version,
      socket: paths.socket,
      engine: DockerEngine.connect(paths.socket),
      stateDir,
      containerdSocket: paths.containerdSocket,
      command,
      pid: () => dockerd.pid,
      restart: async () => {
        await terminate(dockerd, 20_000);
        dockerd = await startDockerd();
      },
      kill9: () => terminate(dockerd, 0),
      growDisk: async (megabytes) => {
        await runCommand(command[0] ?? '', [
          ...command.slice(1),
          'mount',
          '-o',
          `remount,size=${megabytes}m`,
          paths.dataRoot,
        ]);
      },
      stop: () => reapEngine(stateDir),
    };
  } catch (error) {
    await reapEngine(stateDir);
    throw error;
  }
}

/** A fresh directory of this test run, which cleans up after itself even when it crashes: see {@link reapEngine}. */
export async function claimDirectory(name: string): Promise<string> {
  await reapOrphans();
  const stateDir = join(temporary, `${prefix}${name}-${process.pid}`);
  await reapEngine(stateDir);
  await mkdir(stateDir, { recursive: true });
  const owner = identifyProcess(process.pid);
  await writeFile(join(stateDir, 'owner.process'), `${owner.pid} ${owner.startTicks} ${owner.bootId}\n`);
  return stateDir;
}

/** Stops and removes the engines of test runs that are gone. */
export async function reapOrphans(): Promise<void> {
  for (const name of await readdir(temporary)) {
    const stateDir = join(temporary, name);
    if (name.startsWith(prefix) && !(await isOwned(stateDir))) await reapEngine(stateDir);
  }
}

/** Stops and removes every engine of this process. */
export async function reapOwned(): Promise<void> {
  for (const name of await readdir(temporary)) {
    if (name.startsWith(prefix) && name.endsWith(`-${process.pid}`)) await reapEngine(join(temporary, name));
  }
}

async function isOwned(stateDir: string): Promise<boolean> {
  const record = join(stateDir, 'owner.process');
  if ((await findDetached(record)) !== undefined) return true;
  // One that is just being made has no record yet: its name ends in the owner's pid.
  return !existsSync(record) && existsSync(`/proc/${stateDir.slice(stateDir.lastIndexOf('-') + 1)}`);
}

/**
 * A mount namespace for the engine, held open by a sleeping process: whatever it mounts goes when its processes do, even
 * after a crash. @returns the command prefix that enters it.
 */
async function makeNamespace(
  stateDir: string,
  root: string,
  { diskMegabytes, diskType, cgroups }: Pick<PrivateEngineOptions, 'diskMegabytes' | 'diskType' | 'cgroups'>,
): Promise<readonly string[]> {
  const script = [`mount --bind ${quoted(stateDir)} ${quoted(stateDir)}`];
  if (root !== '/') {
    await mkdir(join(stateDir, 'slash-run'));
    await mkdir(join(root, cacheDir), { recursive: true });
    script.push(
      `mount --bind ${quoted(root)} ${quoted(root)}`,
      ...['/proc', '/sys', '/dev', temporary].map((path) => `mount --rbind ${path} ${quoted(join(root, path))}`),
      `mount --bind ${quoted(cacheDir)} ${quoted(join(root, cacheDir))}`,
      `mount --bind ${quoted(join(stateDir, 'slash-run'))} ${quoted(join(root, 'run'))}`,
      // Not a chroot: containers of an engine in a chroot start inside their image, but what is executed in them later
      // (health checks) would enter the namespace's real root, which is this machine's.
      `cd ${quoted(root)}`,
      'pivot_root . .',
      'umount -l .',
      'cd /',
    );
  }
  if (cgroups === 'v2') script.push('mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  // After the pivot: unmounting the old root would take what is below a shared mount with it.
  script.push(`mount --make-shared ${quoted(stateDir)}`);
  if (diskMegabytes !== undefined) {
    const data = join(stateDir, 'data');
    await mkdir(data);
    if (diskType === 'xfs') {
      const disk = join(stateDir, 'disk');
      await runCommand('truncate', ['-s', `${diskMegabytes}M`, disk]);
      await runCommand('mkfs.xfs', ['-q', '-m', 'reflink=1', disk]);
      script.push(`mount -o loop ${quoted(disk)} ${quoted(data)}`);
    } else script.push(`mount -t tmpfs -o size=${diskMegabytes}m tmpfs ${quoted(data)}`);
  }
  const holder = await holdNamespace(stateDir, ['--mount'], script);
  return ['nsenter', `--target=${holder.pid}`, '--mount'];
}

/** Makes namespaces, prepares them with a shell script, and holds them open with a process. */
export async function holdNamespace(
  stateDir: string,
  kinds: readonly string[],
  script: readonly string[],
): Promise<DetachedProcess> {
  const ready = join(stateDir, 'namespace-ready');
  const lines = ['set -e', ...script, `touch ${quoted(ready)}`, 'exec sleep infinity'];
  const holder = await spawnDetached({
    command: 'unshare',
    args: [...kinds, '--propagation', 'private', 'sh', '-c', lines.join('\n')],
    env: process.env,
    logFile: join(stateDir, 'namespace.log'),
    pidFile: join(stateDir, 'namespace.process'),
  });
  while ((await readFile(ready).catch(() => undefined)) === undefined) {
    if (!isAlive(holder))
      throw new Error(`cannot make a mount namespace: ${await readFile(join(stateDir, 'namespace.log'), 'utf8')}`);
    await sleep(10);
  }
  return holder;
}

function quoted(path: string): string {
  return `'${path}'`;
}

async function answers(socket: string, dockerd: DetachedProcess, log: string): Promise<void> {
  const engine = DockerEngine.connect(socket);
  for (;;) {
    try {
      await engine.info();
      engine.close();
      return;
    } catch {
      if (!isAlive(dockerd)) throw new Error(`dockerd ended: ${(await readFile(log, 'utf8')).slice(-2000)}`);
      await sleep(50);
    }
  }
}

/** Ends everything in the directory's namespaces and control group, and removes it. */
export async function reapEngine(stateDir: string): Promise<void> {
  const holder = await findDetached(join(stateDir, 'namespace.process'));
  const cgroup = basename(stateDir);
  if (holder !== undefined) await killAll(() => mountNamespacePids(holder.pid).filter((pid) => pid !== holder.pid));
  await killAll(() => cgroupPids(cgroup));
  removeCgroup(cgroup);
  if (holder !== undefined) await terminate(holder, 0);
  const network = await readFile(join(stateDir, 'network.json'), 'utf8').catch(() => undefined);
  if (network !== undefined) await returnNetwork(JSON.parse(network) as TestNetwork);
  await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
}
