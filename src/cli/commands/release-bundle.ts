import { access, constants, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileFailure, pathOf } from '../../core/file-failure.ts';
import { shownSize } from '../../core/shown-size.ts';
import { readCarriedConfig } from '../carried-config.ts';
import type { Command } from '../context.ts';
import { refuseConfig } from '../diagnostics.ts';
import { withSigns } from '../phases.ts';
import { required, signingOf } from './release-common.ts';

/** `berth release bundle`: one release and what vouches for it in one file, with service images if asked for. */
export const run: Command = async (cli, [repository = '', version = '']) => {
  const { writeBundle } = await import('../../update/repository/write-bundle.ts');
  const { gatherImages } = await import('./release-bundle-images.ts');
  const { context, flags } = cli;
  const channel = required(flags.channel, '--channel', 'which channel these hosts follow');
  const carried = flags.config === undefined ? undefined : await readCarriedConfig(flags.config, context);
  if (carried !== undefined && carried.objections.length > 0)
    return refuseConfig(cli, [carried.text], carried.objections);
  const file = resolve(context.cwd, flags.out ?? `berth-${version}-${channel}.tar`);
  // Before gigabytes are gathered for it.
  await access(dirname(file), constants.W_OK);
  const saved = `${file}.images`;
  const request = flags.request === undefined ? undefined : resolve(context.cwd, flags.request);
  try {
    const archives = await gatherImages(cli, carried?.config, saved);
    const bundle = {
      repository: resolve(context.cwd, repository),
      ...{ version, channel, file, nowMs: context.clock.now(), signal: context.signal },
      ...(archives.length === 0 ? {} : { images: { archives, request, signing: await signingOf(cli) } }),
    };
    const { files, images, bytes, expires } = await withSigns(cli, 'bundle', async () =>
      writeBundle(bundle).catch((error: unknown) => {
        // Of a full disk, the system names no file.
        throw pathOf(error) === undefined ? (fileFailure(error, file) ?? error) : error;
      }),
    );
    if (flags.json === true) cli.printJson({ file, files, images, bytes, expires: expires.expires });
    else {
      const withImages = images.length === 0 ? '' : `, the service images ${images.join(', ')}`;
      cli.print(
        `${file}: ${files.length} files, ${shownSize(bytes)}${withImages}; hosts take it until ${expires.expires}`,
      );
    }
    return 0;
  } finally {
    await rm(saved, { recursive: true, force: true });
  }
};
