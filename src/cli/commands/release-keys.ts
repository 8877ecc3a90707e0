import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import type { PublicKey } from '../../update/repository/key-file.ts';
import type { RepositoryKeys } from '../../update/repository/repository-keys.ts';
import type { Command } from '../context.ts';
import { shortId, table } from '../text.ts';
import { changing, locking } from './release-change.ts';
import { reportOutcome, required, signingOf } from './release-common.ts';

const rootKeys = 3;
const defaultChannels: readonly string[] = ['stable', 'beta', 'edge'];

/** `berth release keygen`: makes the keys of a repository, called by their roles. */
export const keygen: Command = async (cli, [folder = '']) => {
  const { makeKeyFile } = await import('../../update/repository/key-file.ts');
  const { requireChannelName } = await import('../../update/repository/role-names.ts');
  const directory = resolve(cli.context.cwd, folder);
  const roots = Array.from({ length: rootKeys }, (_, index) => `root-${index + 1}`);
  const made = [];
  const channels = (cli.flags.channels ?? defaultChannels).map((name) => requireChannelName(name, '--channels'));
  for (const name of [...roots, 'targets', 'online', ...channels]) {
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
  const { createRepository, requireEnoughKeys } = await import('../../update/repository/create.ts');
  const { context, flags } = cli;
  const folder = resolve(context.cwd, required(flags.keys, '--keys', 'in which folder the keys are'));
  const keys = await keysByRole(folder);
  const thresholds = { root: flags.threshold, channel: flags.channelThreshold };
  requireEnoughKeys(keys, thresholds);
  const signing = await signingOf(cli, [folder]);
  const directory = resolve(context.cwd, repository);
  await mkdir(directory, { recursive: true });
  const outcome = await locking(cli, repository, 'init', async () =>
    createRepository(directory, keys, thresholds, signing),
  );
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
  const signing = await signingOf(cli);
  const outcome = await changing(cli, repository, 'rekey', async (directory) =>
    changeKeys(directory, role, change, signing),
  );
  return reportOutcome(cli, outcome, `${role} has its new keys`, repository);
};

/** Files are called by what their key is for: `root-1.pub`, `stable.pub`, `stable-2.pub`. */
async function keysByRole(folder: string): Promise<RepositoryKeys> {
  const { readPublicKey } = await import('../../update/repository/key-file.ts');
  const { requireChannelName } = await import('../../update/repository/role-names.ts');
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
  const take = (role: string): readonly PublicKey[] => {
    const keys = byRole.get(role) ?? [];
    byRole.delete(role);
    return keys;
  };
  const top = { root: take('root'), targets: take('targets'), online: take('online') };
  for (const name of byRole.keys()) requireChannelName(name, join(folder, `${name}*.pub`));
  return { ...top, channels: byRole };
}
