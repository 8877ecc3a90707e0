import { resolve } from 'node:path';
import type { Command } from '../context.ts';
import { megabytes } from './image.ts';
import { required } from './release-common.ts';

/** `berth release bundle`: one release and what vouches for it in one file. */
export const run: Command = async (cli, [repository = '', version = '']) => {
  const { writeBundle } = await import('../../update/repository/write-bundle.ts');
  const { context, flags } = cli;
  const channel = required(flags.channel, '--channel');
  const file = resolve(context.cwd, flags.out ?? `berth-${version}-${channel}.tar`);
  const { files, bytes, expires } = await writeBundle({
    repository: resolve(context.cwd, repository),
    ...{ version, channel, file, nowMs: context.clock.now(), signal: context.signal },
  });
  if (flags.json === true) cli.printJson({ file, files, bytes, expires: expires.expires });
  else cli.print(`${file}: ${files.length} files, ${megabytes(bytes)}; hosts take it until ${expires.expires}`);
  return 0;
};
