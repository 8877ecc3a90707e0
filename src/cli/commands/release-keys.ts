import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import type { RepositoryKeys } from '../../update/repository/create.ts';
import type { PublicKey } from '../../update/repository/key-file.ts';
import type { Command } from '../context.ts';
import { shortId, table } from '../text.ts';
import { reportOutcome, required, signingOf } from './release-common.ts';

const rootKeys = 3;
const defaultChannels: readonly string[] = ['stable', 'beta', 'edge'];

/** `berth release keygen`: makes the keys of a repository, called by their roles. */
export const keygen: Command = async (cli, [folder = '']) => {
  const { makeKeyFile } = await import('../../update/repository/key-file.ts');
  const directory = resolve(cli.context.cwd, folder);
  const roots = Array.from({ length: rootKeys }, (_, index) => `root-${index + 1}`);
  const made = [];
  for (const name of [...roots, 'targets', 'online', ...(cli.flags.channels ?? defaultChannels).map(channelName)]) {
    const { id, isNew } = await makeKeyFile(directory, name);
    made.push({ name, id, isNew });
  }
  if (cli.flags.json === true) cli.printJson(made);
  else {
    cli.print(
      table(
        ['KEY', 'ID', ''],
        made.map(({ name, id, isNew }) => [name, shortId(id), isNew ? '' : 'was there']),
      ),
    );
    cli.print(`\n${directory}: keep the root keys apart from each other, and off the network.`);
  }
  return 0;
};

/** `berth release init`: makes an empty repository. */
export const init: Command = async (cli, [repository = '']) => {
  const { createRepository } = await import('../../update/repository/create.ts');
  const { context, flags } = cli;
  const folder = resolve(context.cwd, required(flags.keys, '--keys', 'in which folder the keys are'));
  const keys = await keysByRole(folder);
  const thresholds = { root: flags.threshold ?? Math.min(2, keys.root.length), channel: flags.channelThreshold ?? 1 };
  const directory = resolve(context.cwd, repository);
  const outcome = await createRepository(directory, keys, thresholds, await signingOf(cli, [folder]));
  return reportOutcome(cli, outcome, `${directory} is ready`, repository);
};

/** `berth release rekey`: exchanges keys of a role. */
export const rekey: Command = async (cli, [repository = '', role = '']) => {
  const { changeKeys } = await import('../../update/repository/rekey.ts');
  const { readPublicKey } = await import('../../update/repository/key-file.ts');
  const { context, flags } = cli;
  const { add = [], remove = [], threshold } = flags;
  if (add.length + remove.length === 0 && threshold === undefined) {
    throw new BerthError('USAGE', 'nothing is to change: --add, --remove or --threshold says what');
  }
  const change = {
    add: await Promise.all(add.map((path) => readPublicKey(resolve(context.cwd, path)))),
    remove,
    ...(threshold === undefined ? {} : { threshold }),
  };
  const outcome = await changeKeys(resolve(context.cwd, repository), role, change, await signingOf(cli));
  return reportOutcome(cli, outcome, `${role} has its new keys`, repository);
};

/** Files are called by what their key is for: `root-1.pub`, `stable.pub`, `stable-2.pub`. */
async function keysByRole(folder: string): Promise<RepositoryKeys> {
  const { readPublicKey } = await import('../../update/repository/key-file.ts');
  const byRole = new Map<string, PublicKey[]>();
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new BerthError('CONFIG_UNREADABLE', `${folder} is not there`, {
      cause,
      hint: `berth release keygen ${folder}`,
    });
  });
  for (const file of names.filter((name) => name.endsWith('.pub')).sort()) {
    const role = file.replace(/(-\d+)?\.pub$/, '');
    byRole.set(role, [...(byRole.get(role) ?? []), await readPublicKey(join(folder, file))]);
  }
  const { root = [], targets = [], online = [], ...channels } = Object.fromEntries(byRole);
  return { root, targets, online, channels: new Map(Object.entries(channels)) };
}

/** A part of file names and of patterns. Throws USAGE. */
function channelName(name: string): string {
  if (
    /^[a-z][a-z0-9]{0,31}$/.test(name) &&
    !['root', 'targets', 'snapshot', 'timestamp', 'online', 'blobs'].includes(name)
  )
    return name;
  throw new BerthError(
    'USAGE',
    `--channels ${name}: it holds small letters and digits, begins with a letter and is no role`,
  );
}
