import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { type CommandOptions, type CommandResult, runCommand } from '../command.ts';

/** Programs out of Debian packages that were unpacked, not installed: every machine builds with the same versions. */
export interface Tools {
  /** Where a path of the packages is on this machine. */
  path(inside: string): string;
  /** Runs one with its own libraries, as {@link runCommand} does. `program` is a name in its /usr/bin or /usr/sbin. */
  run(program: string, programArguments: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/** The tools in a tree that `mergePackages` made. Throws UNSUPPORTED when it holds no dynamic loader for this machine. */
export async function openTools(tree: string): Promise<Tools> {
  const loader = await firstMatch(tree, 'usr/{lib,lib64}/ld-linux-*.so.*');
  const libraries = await firstMatch(tree, 'usr/lib/*-linux-gnu');
  if (loader === undefined || libraries === undefined) {
    throw new BerthError('UNSUPPORTED', `${tree} holds no programs for this machine`);
  }
  const environment = { MTOOLSRC: '/dev/null', OPENSSL_CONF: '/dev/null' };
  return {
    path: (inside) => join(tree, inside),
    run: async (program, programArguments, options = {}) => {
      const file = await firstMatch(tree, `usr/{bin,sbin}/${program}`);
      if (file === undefined) throw new BerthError('UNSUPPORTED', `the image's tools have no ${program}`);
      return runCommand(loader, ['--library-path', libraries, '--argv0', program, file, ...programArguments], {
        ...options,
        environment: { ...environment, ...options.environment },
      });
    },
  };
}

async function firstMatch(tree: string, pattern: string): Promise<string | undefined> {
  const matches: string[] = [];
  for await (const match of glob(pattern, { cwd: tree })) matches.push(match);
  const [first] = matches.sort();
  return first === undefined ? undefined : join(tree, first);
}
