import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { ImageOptions } from '../../../image/os/build.ts';
import type { ImageFormat } from '../../../image/os/formats.ts';
import type { CertificateFacts, SigningKey } from '../../../image/os/signing-key.ts';
import { BerthError } from '../../core/errors.ts';
import { isVersion } from '../../core/release-version.ts';
import { shownSize } from '../../core/shown-size.ts';
import { bakedTrustOf } from '../baked-trust.ts';
import { readCarriedConfig } from '../carried-config.ts';
import type { Cli, Command } from '../context.ts';
import { refuseConfig } from '../diagnostics.ts';
import { Phases } from '../phases.ts';
import { table } from '../text.ts';

const architectures: readonly string[] = ['amd64', 'arm64'];
const kernels: readonly string[] = ['cloud', 'generic'];

/** `berth image build`: a release, in the formats asked for. */
export const build: Command = async (cli) => {
  const { writeRelease } = await import('../../../image/os/release-files.ts');
  const key = await signingKeyOf(cli);
  const baked = cli.flags.config === undefined ? undefined : await readCarriedConfig(cli.flags.config, cli.context);
  if (baked !== undefined && baked.objections.length > 0) return refuseConfig(cli, [baked.text], baked.objections);
  const bakedTrust = await bakedTrustOf(cli);
  const options = {
    ...(await imageOptions(cli)),
    ...(baked === undefined ? {} : { bakedConfig: baked.text.text }),
    ...(bakedTrust === undefined ? {} : { bakedTrust }),
  };
  const formats = await formatsOf(cli);
  const directory = resolve(cli.context.cwd, cli.flags.out ?? `berth-${options.version}-${options.architecture}`);
  const { manifest, cached } = await new Phases(cli).run('image', (onProgress) =>
    writeRelease({ ...options, onProgress }, formats, directory, key),
  );
  if (cli.flags.json === true) {
    cli.printJson({ directory, ...manifest });
    return 0;
  }
  const rows = manifest.files.map(({ name, sizeBytes }) => [name, shownSize(sizeBytes)]);
  cli.print(table(['FILE', 'SIZE'], rows));
  cli.print(`\n${directory}${cached ? ' (nothing had to be built)' : ''}`);
  const { secureBoot } = manifest;
  if (secureBoot.kind === 'signed') cli.print(`signed by ${signerText(secureBoot.certificate)}`);
  return 0;
};

/** `berth image inspect FILE`: partitions, boot entries, whether each entry's slot is intact, and who signed the programs. */
export const inspect: Command = async (cli, [file = '']) => {
  const { inspectImage } = await import('../../../image/os/inspect.ts');
  const found = await inspectImage(resolve(cli.context.cwd, file), await imageOptions(cli));
  const programs = [...found.bootLoaders, ...found.entries];
  const isWell =
    found.entries.length > 0 &&
    found.entries.every(({ isIntact }) => isIntact) &&
    programs.every(({ signature }) => signature.kind !== 'broken');
  if (cli.flags.json === true) {
    cli.printJson(found);
    return isWell ? 0 : 1;
  }
  const { good, bad } = cli.style;
  const partitions = found.partitions.map(({ number, name, sizeBytes }) => [
    String(number),
    name,
    shownSize(sizeBytes),
  ]);
  cli.print(table(['PARTITION', 'NAME', 'SIZE'], partitions));
  const entries = found.entries.map(({ file: name, version, kernelRelease, slot, isIntact }) => [
    name,
    version,
    kernelRelease,
    slot ?? bad('none'),
    isIntact ? good('yes') : bad('no'),
  ]);
  cli.print(`\n${table(['BOOT ENTRY', 'VERSION', 'KERNEL', 'SLOT', 'INTACT'], entries)}`);
  const signatures = programs.map(({ file: name, signature }) => {
    if (signature.kind === 'valid') return [name, signerText(signature.certificate)];
    return [name, signature.kind === 'none' ? 'nobody' : bad('broken: it was changed after it was signed')];
  });
  cli.print(`\n${table(['PROGRAM', 'SIGNED BY'], signatures)}`);
  return isWell ? 0 : 1;
};

/** `berth image bump`: moves the package lock to the newest packages, rebuilds, and tells what changed. */
export const bump: Command = async (cli) => {
  const { bumpPackages } = await import('../../../image/os/bump.ts');
  const { cachedOs } = await import('../../../image/os/cached-build.ts');
  const options = await imageOptions(cli);
  const phases = new Phases(cli);
  const changes = await phases.run('packages', (onProgress) => bumpPackages({ ...options, onProgress }));
  await phases.run('image', (onProgress) => cachedOs({ ...options, onProgress }));
  if (cli.flags.json === true) cli.printJson(changes);
  else if (changes.length === 0) cli.print('The lock had the newest packages already.');
  else {
    const rows = changes.map(({ name, from, to, fixes }) => [name, from ?? '-', to ?? '-', fixes.join(' ')]);
    cli.print(table(['PACKAGE', 'FROM', 'TO', 'FIXES'], rows));
  }
  return 0;
};

/** `berth image container FOLDER…`: container images from recipes, each as an archive. Root. */
export const container: Command = async (cli, folders) => {
  const { buildSystemContainers } = await import('../../../image/system-containers.ts');
  const { context, flags } = cli;
  const { cacheDirectory } = await imageOptions(cli);
  const directory = resolve(context.cwd, flags.out ?? '.');
  await mkdir(directory, { recursive: true });
  const phases = new Phases(cli);
  const written: { reference: string; archive: string; imageId: string; sizeBytes: number }[] = [];
  for (const folder of folders.map((one) => resolve(context.cwd, one))) {
    const names = [basename(folder)];
    const options = { recipesDirectory: dirname(folder), names, cacheDirectory };
    const [image] = await phases.run(basename(folder), (onProgress) =>
      buildSystemContainers({ ...options, onProgress }),
    );
    if (image === undefined) continue;
    const archive = join(directory, `${image.name}.tar`);
    await copyFile(image.archive, archive);
    written.push({ reference: image.reference, archive, imageId: image.imageId, sizeBytes: image.sizeBytes });
  }
  if (flags.json === true) cli.printJson(written);
  else {
    const rows = written.map(({ reference, archive, sizeBytes }) => [reference, shownSize(sizeBytes), archive]);
    cli.print(table(['IMAGE', 'SIZE', 'ARCHIVE'], rows));
  }
  return 0;
};

/** What an image is built from and how, as the options say. Throws USAGE. */
export async function imageOptions({ context, flags }: Pick<Cli, 'context' | 'flags'>): Promise<ImageOptions> {
  const { projectDirectory, env } = context;
  const description = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8')) as {
    version: string;
    devDependencies: Readonly<Record<string, string>>;
  };
  const epoch = env['SOURCE_DATE_EPOCH'];
  return {
    version: versionOf(flags.version ?? description.version),
    nodeVersion: description.devDependencies['node'] ?? '',
    ...machineOf(flags),
    fast: flags.fast === true,
    lockUse: flags.locked === true ? 'require' : 'prefer',
    projectDirectory,
    cacheDirectory: cacheDirectoryOf(context),
    onProgress: () => undefined,
    ...(epoch === undefined ? {} : { epochSeconds: Number(epoch) }),
  };
}

/** Where what images are made of is kept. */
export function cacheDirectoryOf({ env }: Pick<Cli['context'], 'env'>): string {
  return env['BERTH_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'berth');
}

/** Which machines an image is for, as the options say. Throws USAGE. */
export function machineOf({ arch, kernel }: Cli['flags']): Pick<ImageOptions, 'architecture' | 'kernel'> {
  return {
    architecture: oneOf('--arch', arch ?? ownArchitecture(), architectures) as ImageOptions['architecture'],
    kernel: oneOf('--kernel', kernel ?? 'cloud', kernels) as ImageOptions['kernel'],
  };
}

/** The key for Secure Boot; undefined when none was given. Throws USAGE. */
export async function signingKeyOf({
  context,
  flags,
}: Pick<Cli, 'context' | 'flags'>): Promise<SigningKey | undefined> {
  const { signKey, signCert } = flags;
  if (signKey === undefined && signCert === undefined) return undefined;
  if (signKey === undefined || signCert === undefined) {
    throw new BerthError(
      'USAGE',
      '--sign-key and --sign-cert go together: the key signs, the certificate says whose it is',
    );
  }
  const { readSigningKey } = await import('../../../image/os/signing-key.ts');
  return readSigningKey(resolve(context.cwd, signKey), resolve(context.cwd, signCert));
}

function signerText({ subject, sha256 }: CertificateFacts): string {
  return `${subject} (SHA-256 ${sha256})`;
}

async function formatsOf({ flags }: Cli): Promise<ImageFormat[]> {
  const { imageFormats } = await import('../../../image/os/formats.ts');
  const names = flags.format ?? ['raw'];
  if (names.includes('all')) return imageFormats;
  return names.map((name) => oneOf('--format', name, imageFormats) as ImageFormat);
}

function oneOf(option: string, value: string, known: readonly string[]): string {
  if (!known.includes(value)) throw new BerthError('USAGE', `${option} ${value}: it is one of ${known.join(', ')}`);
  return value;
}

/** A part of file names and of os-release; systemd-boot compares it as UAPI's version format says. */
function versionOf(text: string): string {
  if (!isVersion(text)) {
    throw new BerthError('USAGE', `--version ${text}: it begins with a digit and holds letters, digits, . ~ ^ - only`);
  }
  return text;
}

function ownArchitecture(): string {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
