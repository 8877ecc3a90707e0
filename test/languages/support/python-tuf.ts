import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';

/** Debian's. */
const python = '/usr/bin/python3';
const packages = ['tuf==7.0.1', 'securesystemslib[crypto]==1.6.0'];

/** Has python-tuf make its repositories below `directory`: see `tuf-repository.py`. */
export async function makeTufRepositories(directory: string): Promise<void> {
  const environment = { PYTHONPATH: await tufLibrary() };
  await runCommand(python, [join(import.meta.dirname, 'tuf-repository.py'), directory], { environment });
}

/** Installs what moves a program's clock. */
export async function ensureFaketime(): Promise<void> {
  if (!existsSync('/usr/bin/faketime')) await install('faketime');
}

/** Of PyPI, beside the machine's own Python, whose version it is for. @returns its directory. */
async function tufLibrary(): Promise<string> {
  if (!existsSync('/usr/lib/python3/dist-packages/pip')) await install('python3-pip');
  const { stdout } = await runCommand(python, ['--version']);
  return cachedDirectory('python-tuf', [stdout.trim(), ...packages].join(' '), async (into) => {
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--no-cache-dir', '--target', into];
    await runCommand(python, ['-m', 'pip', 'install', ...options, ...packages], { retryable: true });
  });
}

async function install(name: string): Promise<void> {
  await runCommand('apt-get', ['update', '-qq'], { retryable: true });
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { retryable: true });
}
