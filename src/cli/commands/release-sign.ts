import { resolve } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import type { RequestedRole } from '../../update/repository/signing-request.ts';
import type { Cli, Command } from '../context.ts';
import { table } from '../text.ts';
import { changing } from './release-change.ts';
import { reportOutcome, signingOf } from './release-common.ts';

/** `berth release refresh`: signs timestamp and snapshot anew. */
export const refresh: Command = async (cli, [repository = '']) => {
  const { renew } = await import('../../update/repository/renewal.ts');
  const signing = await signingOf(cli);
  const outcome = await changing(cli, repository, 'refresh', async (directory) =>
    renew(directory, cli.flags.role ?? [], signing),
  );
  return reportOutcome(cli, outcome, 'renewed', repository);
};

/** `berth release sign`: adds signatures, here or on another machine. */
export const sign: Command = async (cli, [repository]) => {
  const { flags } = cli;
  const ways = [flags.export, flags.import, flags.request].filter((way) => way !== undefined);
  if (ways.length > 1) throw new BerthError('USAGE', '--export, --import and --request do not go together');
  if (flags.request !== undefined) return signElsewhere(cli, flags.request, repository);
  if (repository === undefined) throw new BerthError('USAGE', 'which repository? Only --request needs none');
  if (flags.export !== undefined) return exportTo(cli, resolve(cli.context.cwd, repository), flags.export);
  return signHere(cli, repository, flags.import);
};

async function signHere(cli: Cli, place: string, file: string | undefined): Promise<number> {
  const { importSignatures } = await import('../../update/repository/signing-request.ts');
  const { complete } = await import('../../update/repository/publishing.ts');
  const { Repository } = await import('../../update/repository/repository.ts');
  const signing = await signingOf(cli);
  const outcome = await changing(cli, place, 'sign', async (directory) => {
    if (file !== undefined) await importSignatures(directory, resolve(cli.context.cwd, file));
    const repository = await Repository.open(directory);
    if (repository.staged.size === 0) throw new BerthError('NOT_FOUND', 'nothing waits for signatures');
    return complete(repository, signing);
  });
  return reportOutcome(cli, outcome, 'published', place);
}

async function exportTo(cli: Cli, directory: string, file: string): Promise<number> {
  const { exportRequest } = await import('../../update/repository/signing-request.ts');
  const roles = await exportRequest(directory, resolve(cli.context.cwd, file));
  return show(cli, roles, `${file}: sign it with "${cli.context.program} release sign --request ${file} --key KEY"`);
}

async function signElsewhere(cli: Cli, file: string, repository: string | undefined): Promise<number> {
  if (repository !== undefined) throw new BerthError('USAGE', '--request needs no repository');
  const { signRequest } = await import('../../update/repository/signing-request.ts');
  const { imageListName } = await import('../../update/bundle/image-list.ts');
  const { signers, signal } = await signingOf(cli);
  const roles = await signRequest(resolve(cli.context.cwd, file), signers, signal);
  // The list of service images is in no repository: it becomes part of a bundle.
  const back = roles.some(({ role }) => role === imageListName)
    ? `the same "${cli.context.program} release bundle … --request FILE" as before`
    : `"${cli.context.program} release sign REPOSITORY --import ${file}"`;
  return show(cli, roles, `${file}: bring it back for ${back}`);
}

function show(cli: Cli, roles: readonly RequestedRole[], next: string): number {
  if (cli.flags.json === true) {
    cli.printJson(roles);
    return 0;
  }
  const rows = roles.map(({ role, version, expires, signatures }) => [
    role,
    String(version),
    expires,
    String(signatures),
  ]);
  cli.print(table(['ROLE', 'VERSION', 'EXPIRES', 'SIGNATURES'], rows));
  cli.print(`\n${next}`);
  return 0;
}
