import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fetchPackages, prepareTools } from '../../../image/os/build.ts';
import { cachedOs } from '../../../image/os/cached-build.ts';
import { partsOfImage, readImageManifest } from '../../../image/os/image-parts.ts';
import { ukiName } from '../../../image/os/layout.ts';
import type { ImageManifest } from '../../../image/os/release-files.ts';
import { signOs } from '../../../image/os/secure-boot.ts';
import { oldestReadable } from '../../agent/state/migration.ts';
import { migrations } from '../../agent/state/migrations.ts';
import { BerthError } from '../../core/errors.ts';
import { compareVersions, isVersion } from '../../core/release-version.ts';
import { shownSize } from '../../core/shown-size.ts';
import { isPresent } from '../../engine/durable-file.ts';
import { type BakedTrust, trustNote } from '../../update/baked-trust.ts';
import type { ReleaseManifest } from '../../update/release-manifest.ts';
import { type Machine, nextSequence, openPrevious } from '../../update/repository/previous-release.ts';
import {
  type PreviousRelease,
  type ReleaseParts,
  writeReleaseDirectory,
} from '../../update/repository/release-directory.ts';
import { stateSchema } from '../../update/state-schema.ts';
import { bakedTrustOf } from '../baked-trust.ts';
import type { Cli, Command } from '../context.ts';
import { Phases } from '../phases.ts';
import { table } from '../text.ts';
import { imageOptions, signingKeyOf } from './image.ts';

/** What this program reads, and what it leaves behind: hosts that go on from it find what they know. */
const readState = { from: oldestReadable(stateSchema, migrations), to: stateSchema };

/** What a release is made of, without what only its maker can say. */
interface Built extends Omit<ReleaseParts, 'facts' | 'previous'> {
  readonly facts: Pick<ReleaseParts['facts'], 'version' | 'architecture' | 'kernel' | 'created'>;
}

/** `berth release build`: the files that hosts update to, of an image that was built or is built now. */
export const run: Command = async (cli, [image]) => {
  const { context, flags } = cli;
  if (image !== undefined) refuseImageOptions(cli);
  const bakedTrust = await bakedTrustOf(cli);
  if (image === undefined && bakedTrust === undefined) warnOfNoTrust(cli);
  const { cacheDirectory, fast } = await imageOptions(cli);
  const release = await knownOfRelease(cli, image);
  // Before minutes are spent on it.
  requireOlder(flags.minimumVersion, release.version);
  const previous = await openPrevious(
    (flags.previous ?? []).map((place) => resolve(context.cwd, place)),
    release,
  );
  requireHigher(flags.sequence, previous);
  const phases = new Phases(cli);
  await mkdir(cacheDirectory, { recursive: true });
  const work = await mkdtemp(join(cacheDirectory, '.release-'));
  try {
    const { facts, ...built } = await phases.run('image', async (onProgress) =>
      image === undefined
        ? builtNow(cli, bakedTrust, work, onProgress)
        : builtBefore(cli, resolve(context.cwd, image), work, onProgress),
    );
    const { version, architecture, kernel } = facts;
    const directory = resolve(context.cwd, flags.out ?? `berth-release-${version}-${architecture}-${kernel}`);
    const said = {
      sequence: flags.sequence ?? nextSequence(previous, context.clock.now()),
      stateSchema: readState,
      ...(flags.minimumVersion === undefined ? {} : { minimumVersion: flags.minimumVersion }),
    };
    const manifest = await phases.run('release', async (onProgress) => {
      onProgress(previous.length === 0 ? 'compressing' : 'compressing, making deltas');
      const parts = { ...built, facts: { ...facts, ...said }, previous };
      return writeReleaseDirectory(directory, parts, fast ? 1 : 19, context.signal);
    });
    print(cli, directory, manifest);
    return 0;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** Their hosts would be the last that anybody updates: told before minutes are spent on it. */
function warnOfNoTrust({ context, style }: Cli): void {
  context.stderr.write(
    `${style.warn('warning:')} without --update-root, hosts that take this release trust no repository and take no other one, unless their config has berth.update.root\n`,
  );
}

/** What the release will be, and for what: known before it is built. */
async function knownOfRelease(cli: Cli, image: string | undefined): Promise<Machine & { readonly version: string }> {
  if (image === undefined) return imageOptions(cli);
  const manifest = await readImageManifest(resolve(cli.context.cwd, image));
  return { version: manifest.version, ...machineIn(manifest) };
}

/** A minimum that is not older than the release would keep it from every host. Throws USAGE. */
function requireOlder(minimum: string | undefined, version: string): void {
  if (minimum === undefined) return;
  if (!isVersion(minimum))
    throw new BerthError('USAGE', `--minimum-version ${minimum}: it is no version`, {
      hint: 'a version such as 1.2.0: it begins with a digit',
    });
  if (compareVersions(minimum, version) >= 0)
    throw new BerthError('USAGE', `--minimum-version ${minimum}: no host could take ${version}, which is not newer`, {
      hint: 'it is the oldest release that goes to this one in one step',
    });
}

/** Hosts never go to a lower sequence, so that nobody would take it who runs one of these. Throws USAGE. */
function requireHigher(sequence: number | undefined, previous: readonly PreviousRelease[]): void {
  if (sequence === undefined) return;
  const highest = Math.max(0, ...previous.map((release) => release.sequence));
  if (sequence > highest) return;
  const why = highest === 0 ? 'sequences begin with 1' : `a release of --previous has ${highest} already`;
  throw new BerthError('USAGE', `--sequence ${sequence}: ${why}`, {
    hint: 'without --sequence it is a higher one by itself',
  });
}

function machineIn({ architecture, kernel }: ImageManifest): Machine {
  return { architecture: architecture as Machine['architecture'], kernel: kernel.flavour };
}

/** An image is for what it was built for. Throws USAGE. */
function refuseImageOptions({ flags }: Cli): void {
  const { version, arch, kernel, signKey, signCert, updateRoot, updateFeed, updateChannel } = flags;
  const given = Object.entries({
    ...{ version, arch, kernel, 'sign-key': signKey, 'sign-cert': signCert },
    ...{ 'update-root': updateRoot, 'update-feed': updateFeed, 'update-channel': updateChannel },
  });
  const [name] = given.find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw new BerthError('USAGE', `--${name} was decided when the image was built`);
}

async function builtNow(
  cli: Cli,
  bakedTrust: BakedTrust | undefined,
  work: string,
  onProgress: (detail: string) => void,
): Promise<Built> {
  const options = { ...(await imageOptions(cli)), ...(bakedTrust === undefined ? {} : { bakedTrust }), onProgress };
  const { version, architecture, kernel, cacheDirectory } = options;
  const key = await signingKeyOf(cli);
  const built = await cachedOs(options);
  const tools = await prepareTools(built.packages, work, cacheDirectory);
  if (key !== undefined) onProgress('signing');
  const os = key === undefined ? built : { ...built, ...(await signOs(built, options, key, work, tools)) };
  return {
    ...(bakedTrust === undefined ? {} : { trustedRoot: bakedTrust.root }),
    usr: os.slot,
    uki: { file: os.uki, name: ukiName(version) },
    facts: { version, architecture, kernel, created: new Date(os.epochSeconds * 1000).toISOString() },
  };
}

async function builtBefore(
  cli: Cli,
  directory: string,
  work: string,
  onProgress: (detail: string) => void,
): Promise<Built> {
  const options = { ...(await imageOptions(cli)), onProgress };
  const tools = await prepareTools(await fetchPackages(options), work, options.cacheDirectory);
  onProgress('taking the disk apart');
  const { manifest, usr, uki } = await partsOfImage(directory, work, tools);
  const { version, created, verity } = manifest;
  const note = join(directory, trustNote);
  return {
    ...((await isPresent(note)) ? { trustedRoot: await readFile(note, 'utf8') } : {}),
    usr: { file: usr, ...verity },
    uki: { file: uki, name: manifest.uki.name },
    facts: { version, created, ...machineIn(manifest) },
  };
}

function print(cli: Cli, directory: string, manifest: ReleaseManifest): void {
  if (cli.flags.json === true) {
    cli.printJson({ directory, ...manifest });
    return;
  }
  const rows = [manifest.uki, ...manifest.artifacts].map(({ name, bytes }) => [name, shownSize(bytes)]);
  cli.print(table(['FILE', 'SIZE'], rows));
  cli.print(`\n${directory}: release ${manifest.version}, sequence ${manifest.sequence}`);
}
