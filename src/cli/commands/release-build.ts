import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { prepareTools } from '../../../image/os/build.ts';
import { cachedOs } from '../../../image/os/cached-build.ts';
import { ukiName } from '../../../image/os/layout.ts';
import { signOs } from '../../../image/os/secure-boot.ts';
import { writeReleaseDirectory } from '../../update/repository/release-directory.ts';
import type { Command } from '../context.ts';
import { Phases } from '../phases.ts';
import { table } from '../text.ts';
import { imageOptions, megabytes, signingKeyOf } from './image.ts';

const minuteMs = 60_000;
/** The state schema of this program: hosts that go on from it find what they know. */
const stateSchema = { from: 1, to: 1 };

/** `berth release build`: the files that hosts update to. */
export const run: Command = async (cli) => {
  const { context, flags } = cli;
  const options = await imageOptions(cli);
  const { version, architecture, kernel, cacheDirectory, fast } = options;
  const key = await signingKeyOf(cli);
  const directory = resolve(context.cwd, flags.out ?? `berth-release-${version}-${architecture}-${kernel}`);
  const phases = new Phases(cli);
  const built = await phases.run('image', (onProgress) => cachedOs({ ...options, onProgress }));
  const work = await mkdtemp(join(cacheDirectory, '.release-'));
  try {
    const manifest = await phases.run('release', async (onProgress) => {
      const tools = await prepareTools(built.packages, work, cacheDirectory);
      if (key !== undefined) onProgress('signing');
      const os = key === undefined ? built : { ...built, ...(await signOs(built, options, key, work, tools)) };
      onProgress('compressing');
      await mkdir(directory, { recursive: true });
      const { file, dataBlocks, rootHash } = os.slot;
      const facts = {
        version,
        sequence: flags.sequence ?? Math.floor(context.clock.now() / minuteMs),
        architecture,
        kernel,
        created: new Date(os.epochSeconds * 1000).toISOString(),
        stateSchema,
        ...(flags.minimumVersion === undefined ? {} : { minimumVersion: flags.minimumVersion }),
      };
      const parts = { usr: { file, dataBlocks, rootHash }, uki: { file: os.uki, name: ukiName(version) }, facts };
      return writeReleaseDirectory(directory, parts, fast ? 1 : 19);
    });
    if (flags.json === true) cli.printJson({ directory, ...manifest });
    else {
      const rows = [manifest.uki, ...manifest.artifacts].map(({ name, bytes }) => [name, megabytes(bytes)]);
      cli.print(table(['FILE', 'SIZE'], rows));
      cli.print(`\n${directory}: release ${manifest.version}, sequence ${manifest.sequence}`);
    }
    return 0;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
