import type { Command } from '../context.ts';

/** `berth logs`: a service's output, its error stream on ours. */
export const run: Command = async (cli, [service = '']) => {
  const { flags, context, client, style } = cli;
  const { follow = false, lines, since, timestamps = false } = flags;
  const options = {
    follow,
    ...(lines === undefined ? {} : { tail: lines }),
    ...(since === undefined ? {} : { since }),
  };
  await client.logs(
    service,
    options,
    (line) => {
      if (flags.json === true) {
        context.stdout.write(`${JSON.stringify(line)}\n`);
        return;
      }
      const stamp = timestamps && line.time !== null ? `${style.dim(line.time)} ` : '';
      (line.stream === 'stderr' ? context.stderr : context.stdout).write(`${stamp}${line.text}\n`);
    },
    context.signal,
  );
  return 0;
};
