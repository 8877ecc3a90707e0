import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { machineMirror } from '../../../image/apt.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';
import { installTools } from '../../engine/support/engine-versions.ts';

const packages = ['cloud-init', 'python3-minimal'];

/** A root with Debian's newest cloud-init, and all that it needs, unpacked in it and not installed. */
export async function cloudInitRoot(): Promise<string> {
  return cachedDirectory('cloud-init', ['sid', ...packages].join(' '), async (directory) => {
    await installTools();
    // A mirror that is a copy may be older than the ten days for which Debian calls its index valid.
    await runCommand('mmdebstrap', [
      '--quiet',
      '--variant=extract',
      '--aptopt=Acquire::Check-Valid-Until "false"',
      `--include=${packages.join(',')}`,
      'sid',
      directory,
      (await machineMirror()).archive,
    ]);
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) await symlink(`usr/${name}`, join(directory, name));
  });
}
