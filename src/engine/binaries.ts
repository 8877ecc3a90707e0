import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { BerthError, messageOf } from '../core/errors.ts';
import { runCommand } from './run-command.ts';

/** The programs of a Docker Engine and what they need around them. */
export interface EngineBinaries {
  readonly dockerd: string;
  readonly containerd: string;
  readonly runc: string;
  /** A smaller and faster OCI runtime, which then runs the containers that ask for none. */
  readonly crun?: string;
  /** Directories to put before PATH (docker-proxy, the containerd shim, docker-init), colon-separated. */
  readonly path: string;
  /** LD_LIBRARY_PATH; empty when the system's libraries do. */
  readonly libraryPath: string;
  /** `20.10.24+dfsg1`. */
  readonly version: string;
}

const standardDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const packages = ['docker.io', 'containerd', 'runc', 'tini'];
const closureFlags = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
  (kind) => `--no-${kind}`,
);

/** The engine installed on this machine; undefined when a part is missing or does not run. */
export async function findEngineBinaries(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<EngineBinaries | undefined> {
  const directories = [...(environment['PATH'] ?? '').split(':'), ...standardDirectories].filter((part) =>
    part.startsWith('/'),
  );
  return probe(directories, '');
}

/**
 * Gets an engine without installing one: installing `docker.io` would start a Docker on /var/run/docker.sock. Downloads the
 * distribution's packages and unpacks them below `cacheDir/engine/VERSION`; a second call uses what is there.
 * Throws UNSUPPORTED on a machine without apt, ENGINE_START_FAILED when the download fails or its dockerd does not run.
 */
export async function fetchEngineBinaries(
  cacheDir: string,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<EngineBinaries> {
  const store = join(cacheDir, 'engine');
  const cached = await newestCached(store);
  if (cached !== undefined) return cached;
  const options = signal === undefined ? {} : { signal };
  try {
    await runCommand('apt-get', ['--version'], options);
  } catch (error) {
    throw new BerthError('UNSUPPORTED', 'no Docker Engine found, and this machine has no apt to get one with', {
      cause: error,
      hint: 'install Docker Engine 20.10 or later, or name a running one with --engine unix://…',
    });
  }
  await mkdir(store, { recursive: true });
  try {
    const version = await candidateVersion(onProgress, options);
    const home = join(store, version.replace(/[^\w.+-]/g, '_'));
    return await unpack(home, store, onProgress, options);
  } catch (error) {
    throw new BerthError('ENGINE_START_FAILED', `cannot get a Docker Engine: ${messageOf(error)}`, {
      cause: error,
      retryable: true,
    });
  }
}

/** Makes sure of `iptables`, which a user engine needs. Throws ENGINE_START_FAILED when it is missing and cannot be installed. */
export async function ensureIptables(onProgress: (line: string) => void, signal?: AbortSignal): Promise<void> {
  for (const directory of standardDirectories) if (await isExecutable(join(directory, 'iptables'))) return;
  if (process.getuid?.() !== 0) {
    throw new BerthError('ENGINE_START_FAILED', 'iptables is missing: published ports need it', {
      hint: 'apt-get install iptables',
    });
  }
  onProgress('installing iptables');
  await installPackages(['iptables'], signal);
}

/** Installs Debian packages, with a fresh package list when the first try fails. Needs root. */
export async function installPackages(names: readonly string[], signal?: AbortSignal): Promise<void> {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...(signal === undefined ? {} : { signal }),
  };
  const install = () => runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], options);
  try {
    await install();
  } catch {
    await runCommand('apt-get', ['update', '-q'], options);
    await install();
  }
}

/** Downloads Debian packages into a directory and unpacks them below it, without installing anything. */
export async function unpackPackages(names: readonly string[], directory: string, signal?: AbortSignal): Promise<void> {
  const download = join(directory, '.packages');
  await mkdir(download, { recursive: true });
  // apt drops its rights for downloads where it can; in a private directory it cannot, and only warns.
  const options = { cwd: download, ...(signal === undefined ? {} : { signal }) };
  const get = () => runCommand('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...names], options);
  try {
    await get();
  } catch {
    await runCommand('apt-get', ['update', '-q'], options);
    await get();
  }
  for (const archive of await readdir(download))
    await runCommand('dpkg', ['-x', join(download, archive), directory], options);
  await rm(download, { recursive: true });
}

async function unpack(
  home: string,
  store: string,
  onProgress: (line: string) => void,
  options: { signal?: AbortSignal },
): Promise<EngineBinaries> {
  onProgress('downloading Docker Engine packages');
  const work = await mkdtemp(join(store, '.new-'));
  try {
    await unpackPackages([...packages, ...(await missingLibraries(options))], work, options.signal);
    await relinkInit(work);
    const found = await probeTree(work);
    if (found === undefined) throw new Error('the downloaded dockerd does not run');
    onProgress(`Docker Engine ${found.version} is ready`);
    await rm(home, { recursive: true, force: true });
    await rename(work, home);
    return (await probeTree(home)) ?? found;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function newestCached(store: string): Promise<EngineBinaries | undefined> {
  const names = (await readdir(store).catch(() => [])).filter((name) => !name.startsWith('.'));
  for (const name of names.sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))) {
    const found = await probeTree(join(store, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function candidateVersion(
  onProgress: (line: string) => void,
  options: { signal?: AbortSignal },
): Promise<string> {
  const ask = async () => /Candidate: (\S+)/.exec(await runCommand('apt-cache', ['policy', 'docker.io'], options))?.[1];
  let version = await ask();
  if (version === undefined || version === '(none)') {
    onProgress('updating the package lists');
    await runCommand('apt-get', ['update', '-q'], options);
    version = await ask();
  }
  if (version === undefined || version === '(none)') throw new Error('the package lists have no docker.io');
  return version;
}

/** Libraries that the engine's packages depend on and this machine has not installed. */
async function missingLibraries(options: { signal?: AbortSignal }): Promise<string[]> {
  const closure = await runCommand(
    'apt-cache',
    ['depends', '--recurse', '--important', ...closureFlags, ...packages],
    options,
  );
  const libraries = closure.split('\n').filter((line) => /^lib[a-z0-9.+-]+$/.test(line) && !line.endsWith('-perl'));
  const installed = await runCommand('dpkg-query', ['-W', '-f', '${binary:Package} ${db:Status-Status}\n'], options);
  const present = new Set(
    installed
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(/[: ]/)[0]),
  );
  return libraries.filter((name) => !present.has(name));
}

/** Debian's docker-init is an absolute link into /usr/bin, which is right only when installed. */
async function relinkInit(root: string): Promise<void> {
  for (const directory of ['usr/bin', 'usr/sbin']) {
    const link = join(root, directory, 'docker-init');
    const target = await readlink(link).catch(() => undefined);
    if (target?.startsWith('/') !== true) continue;
    await rm(link);
    await symlink(relative(dirname(link), join(root, target)), link);
  }
}

async function probeTree(root: string): Promise<EngineBinaries | undefined> {
  const libraries = ['usr/lib', 'lib'];
  const triplets = await Promise.all(
    libraries.map(async (directory) =>
      (await readdir(join(root, directory)).catch(() => []))
        .filter((name) => name.includes('-linux-'))
        .map((name) => join(root, directory, name)),
    ),
  );
  const directories = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((name) => join(root, name));
  return probe(directories, triplets.flat().join(':'));
}

async function probe(directories: readonly string[], libraryPath: string): Promise<EngineBinaries | undefined> {
  const find = async (name: string): Promise<string | undefined> => {
    for (const directory of directories) if (await isExecutable(join(directory, name))) return join(directory, name);
    return undefined;
  };
  const [dockerd, containerd, runc] = await Promise.all([find('dockerd'), find('containerd'), find('runc')]);
  if (dockerd === undefined || containerd === undefined || runc === undefined) return undefined;
  const env = { ...process.env, ...(libraryPath === '' ? {} : { LD_LIBRARY_PATH: libraryPath }) };
  const text = await runCommand(dockerd, ['--version'], { env }).catch(() => '');
  const version = /version ([^\s,]+)/.exec(text)?.[1];
  if (version === undefined) return undefined;
  const path = [...new Set([dockerd, containerd, runc].map(dirname)), ...(libraryPath === '' ? [] : directories)];
  return { dockerd, containerd, runc, path: [...new Set(path)].join(':'), libraryPath, version };
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
