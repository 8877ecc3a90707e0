import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { downloadPackages, openApt, resolvePackages } from '../../../image/apt.ts';
import { runCommand } from '../../../image/command.ts';

/** What cloud-init's code imports, as far as it is asked here. */
const pythonPackages = ['yaml', 'jsonpatch', 'jinja2', 'requests', 'oauthlib', 'configobj', 'jsonschema'];
const python = '/usr/bin/python3';

export interface CloudInitCode {
  readonly python: string;
  /** Where its modules are. */
  readonly pythonPath: string;
}

/** Debian's cloud-init, unpacked and not installed; the Python packages that it imports are installed when they are missing. */
export async function cloudInitCode(): Promise<CloudInitCode> {
  await ensurePython();
  const cache = join(homedir(), '.cache', 'berth');
  const apt = await openApt(join(cache, 'apt'), { onProgress: () => undefined });
  const files = await resolvePackages(apt, { packages: ['cloud-init'], without: [] });
  const file = files.find(({ name }) => name === 'cloud-init');
  if (file === undefined) throw new Error('Debian has no package cloud-init');
  const directory = join(cache, 'languages', `cloud-init-${file.sha256.slice(0, 12)}`);
  if (!existsSync(directory)) {
    await downloadPackages(apt, [file], join(cache, 'packages'));
    const fresh = `${directory}.${process.pid}`;
    await mkdir(fresh, { recursive: true });
    await runCommand('dpkg-deb', ['--extract', join(cache, 'packages', file.fileName), fresh]);
    await rename(fresh, directory).catch(async () => rm(fresh, { recursive: true }));
  }
  return { python, pythonPath: join(directory, 'usr/lib/python3/dist-packages') };
}

async function ensurePython(): Promise<void> {
  const imports = `import ${pythonPackages.join(', ')}`;
  const isThere = await runCommand(python, ['-c', imports]).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const packages = ['python3', ...pythonPackages.map((name) => `python3-${name}`)];
  await runCommand('apt-get', ['update', '-qq']);
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}
