import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, messageOf } from '../src/core/errors.ts';
import { runCommand } from './command.ts';
import { type DebianMirror, findDebianMirror } from './debian-mirror.ts';

/** The Debian release everything of ours is made from. */
const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Part of the key of a remembered resolution: raise it when its form changes. */
const resolutionVersion = 2;
const listsMaximumAgeMs = 24 * 60 * 60 * 1000;

/** An apt of our own: its lists and settings live in one directory, the machine's are left alone. */
export interface Apt {
  readonly directory: string;
  readonly configFile: string;
  /** sha256 over the signed indexes: what a resolution is valid for. */
  readonly listsDigest: string;
}

export interface AptOptions {
  readonly onProgress: (line: string) => void;
  /** Debian's name of the architecture whose packages are wanted (`arm64`); default: the machine's own. */
  readonly architecture?: string;
}

/** One package file of a resolution. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  /** Path below the mirror's root: `pool/main/…`, in the security archive `pool/updates/…`. */
  readonly pool: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface PackageRequest {
  readonly packages: readonly string[];
  /** Taken as installed already: neither they nor what only they need is fetched. */
  readonly without: readonly string[];
}

/**
 * Prepares an apt for Debian trixie in `directory`, from the machine's own Debian mirror, with the machine's proxy settings.
 * Indexes older than a day are fetched again; when that fails and there are older ones, those serve.
 * Throws UNSUPPORTED when the machine knows no Debian mirror or keyring, IMAGE_PULL_FAILED (retryable) when nothing can be fetched.
 */
export async function openApt(directory: string, { onProgress, architecture }: AptOptions): Promise<Apt> {
  const configFile = join(directory, 'apt.conf');
  const stamp = join(directory, 'updated');
  const lists = join(directory, 'lists');
  for (const folder of [
    'lists/partial',
    'cache/archives/partial',
    'etc/apt.conf.d',
    'etc/preferences.d',
    'status',
    'resolved',
  ]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  const age = Date.now() - (await modifiedAt(stamp));
  if (age > listsMaximumAgeMs) {
    await ensureKeyring();
    await writeFile(join(directory, 'etc', 'debian.sources'), sourcesText(await machineMirror()));
    await writeFile(configFile, await configText(directory, architecture));
    onProgress('fetching package indexes');
    try {
      await runCommand('flock', [join(directory, 'lock'), 'apt-get', 'update', '-qq', '--error-on=any'], {
        environment: { APT_CONFIG: configFile },
        code: 'IMAGE_PULL_FAILED',
        retryable: true,
      });
      await touch(stamp);
    } catch (error) {
      if ((await indexes(lists)).length === 0) throw error;
      onProgress(`package indexes are old and could not be fetched again: ${messageOf(error)}`);
    }
  }
  return { directory, configFile, listsDigest: await digestOf(lists) };
}

/** What installing these packages on an empty system would fetch, sorted by name. Remembered until the indexes change. */
export async function resolvePackages(apt: Apt, request: PackageRequest): Promise<PackageFile[]> {
  const key = createHash('sha256')
    .update(JSON.stringify([resolutionVersion, apt.listsDigest, request.packages, request.without]))
    .digest('hex');
  const remembered = join(apt.directory, 'resolved', `${key}.json`);
  try {
    return JSON.parse(await readFile(remembered, 'utf8')) as PackageFile[];
  } catch {
    // Not resolved before.
  }
  const status = join(apt.directory, 'status', key);
  await writeFile(status, request.without.map(installedStanza).join('\n'));
  const { stdout } = await runCommand(
    'apt-get',
    ['install', '--print-uris', '-qq', '-y', '-o', `Dir::State::status=${status}`, ...request.packages],
    { environment: { APT_CONFIG: apt.configFile }, code: 'CONFIG_INVALID' },
  );
  await rm(status);
  const files = stdout.split('\n').filter(Boolean).map(parseUriLine);
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  await writeFile(remembered, JSON.stringify(files));
  return files;
}

/** Fetches the package files that `into` does not hold yet, verified against the signed indexes. Safe to run twice at once. */
export async function downloadPackages(apt: Apt, files: readonly PackageFile[], into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const missing: PackageFile[] = [];
  for (const file of files) {
    if ((await sha256OfFile(join(into, file.fileName))) !== file.sha256) missing.push(file);
  }
  if (missing.length === 0) return;
  const temporary = await mkdtemp(join(into, '.download-'));
  try {
    await runCommand('apt-get', ['download', '-qq', ...missing.map((file) => `${file.name}=${file.version}`)], {
      directory: temporary,
      environment: { APT_CONFIG: apt.configFile },
      code: 'IMAGE_PULL_FAILED',
      retryable: true,
    });
    for (const file of missing) {
      const path = join(temporary, file.fileName);
      if ((await sha256OfFile(path)) !== file.sha256) {
        throw new BerthError('IMAGE_PULL_FAILED', `${file.fileName} is not what the package index says`, {
          retryable: true,
        });
      }
      await rename(path, join(into, file.fileName));
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function parseUriLine(line: string): PackageFile {
  const match = /^'[^']*\/(pool\/[^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line);
  const [, pool = '', fileName = '', size = '', sha256 = ''] = match ?? [];
  const [name, version] = fileName.split('_');
  if (match === null || name === undefined || version === undefined) {
    throw new BerthError('UNSUPPORTED', `apt-get printed a line of unknown form: ${line}`);
  }
  return { name, version: decodeURIComponent(version), fileName, pool, sizeBytes: Number(size), sha256 };
}

function installedStanza(name: string): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: allowed\nVersion: 9999\nMaintainer: none\nDescription: left out\n`;
}

function sourcesText(mirror: DebianMirror): string {
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: main\nSigned-By: ${keyring}\n`;
  const stanzas = [stanza(mirror.archive, `${suite} ${suite}-updates`)];
  if (mirror.security !== undefined) stanzas.push(stanza(mirror.security, `${suite}-security`));
  return stanzas.join('\n');
}

async function configText(directory: string, architecture: string | undefined): Promise<string> {
  // A proxy or a certificate the machine needs to reach its mirror is needed here too.
  const { stdout } = await runCommand('apt-config', ['dump']);
  const connection = stdout
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|Retries|ForceIPv[46])\b.*"[^"]+";$/.test(line));
  return [
    `Dir "${directory}";`,
    `Dir::State "${directory}";`,
    'Dir::State::Lists "lists";',
    'Dir::State::Status "/dev/null";',
    'Dir::Cache "cache";',
    'Dir::Etc "etc";',
    'Dir::Etc::SourceList "debian.sources";',
    'Dir::Etc::SourceParts "/dev/null";',
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::ForceHash "SHA256";',
    ...(architecture === undefined
      ? []
      : [`APT::Architecture "${architecture}";`, `APT::Architectures { "${architecture}"; };`]),
    ...connection,
    '',
  ].join('\n');
}

/** The Debian mirror of this machine, or the one BERTH_DEBIAN_MIRROR names. Throws UNSUPPORTED when there is none. */
export async function machineMirror(): Promise<DebianMirror> {
  const declared = process.env['BERTH_DEBIAN_MIRROR'];
  if (declared !== undefined) {
    const security = process.env['BERTH_DEBIAN_SECURITY_MIRROR'];
    return { archive: declared, ...(security === undefined ? {} : { security }) };
  }
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const files = [
    '/etc/apt/sources.list',
    ...parts.filter((name) => /\.(?:list|sources)$/.test(name)).map((name) => `/etc/apt/sources.list.d/${name}`),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const mirror = findDebianMirror(texts) ?? (await mmdebstrapMirror());
  if (mirror === undefined) {
    throw new BerthError('UNSUPPORTED', 'this machine knows no Debian mirror', {
      hint: 'set BERTH_DEBIAN_MIRROR to the address of one',
    });
  }
  return mirror;
}

/** On a machine of another distribution: the mirror that its mmdebstrap package would use for Debian. */
async function mmdebstrapMirror(): Promise<DebianMirror | undefined> {
  await installPackage('mmdebstrap', '/usr/bin/mmdebstrap');
  const text = await readFile('/usr/bin/mmdebstrap', 'utf8');
  const archive = /https?:\/\/[\w.-]+\/debian(?=["'\s])/.exec(text)?.[0];
  const security = /https?:\/\/[\w.-]+\/debian-security(?=["'\s])/.exec(text)?.[0];
  return archive === undefined ? undefined : { archive, ...(security === undefined ? {} : { security }) };
}

async function ensureKeyring(): Promise<void> {
  await installPackage('debian-archive-keyring', keyring);
}

async function installPackage(name: string, file: string): Promise<void> {
  if ((await modifiedAt(file)) > 0) return;
  await runCommand('apt-get', ['install', '-qq', '-y', '--no-install-recommends', name], { retryable: true });
}

async function indexes(lists: string): Promise<string[]> {
  return (await readdir(lists)).filter((name) => name.endsWith('InRelease')).sort();
}

async function digestOf(lists: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await indexes(lists)) hash.update(await readFile(join(lists, name)));
  return hash.digest('hex');
}

/**
 * Fetches package files by their path on the mirror, whether or not its indexes still list them; the hashes are checked.
 * @returns those that are not to be had any more.
 */
export async function fetchFromPool(apt: Apt, files: readonly PackageFile[], into: string): Promise<PackageFile[]> {
  await mkdir(into, { recursive: true });
  const missing: PackageFile[] = [];
  for (const file of files) {
    if ((await sha256OfFile(join(into, file.fileName))) !== file.sha256) missing.push(file);
  }
  if (missing.length === 0) return [];
  const mirror = await machineMirror();
  const temporary = await mkdtemp(join(into, '.download-'));
  const target = (file: PackageFile) => join(temporary, file.fileName);
  const sourceOf = ({ pool }: PackageFile) =>
    `${pool.startsWith('pool/updates/') ? (mirror.security ?? mirror.archive) : mirror.archive}/${pool}`;
  const gone: PackageFile[] = [];
  try {
    const triples = missing.flatMap((file) => [sourceOf(file), target(file), `SHA256:${file.sha256}`]);
    // One that is gone makes the whole call fail; the others were fetched all the same.
    await runCommand('/usr/lib/apt/apt-helper', ['download-file', ...triples], {
      environment: { APT_CONFIG: apt.configFile },
      accept: [0, 100],
    });
    for (const file of missing) {
      if ((await sha256OfFile(target(file))) === file.sha256) await rename(target(file), join(into, file.fileName));
      else gone.push(file);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return gone;
}

async function sha256OfFile(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** Milliseconds since the epoch; 0 when there is no such file. */
async function modifiedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}

async function touch(path: string): Promise<void> {
  await writeFile(path, '');
  await utimes(path, new Date(), new Date());
}
