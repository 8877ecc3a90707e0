import { join } from 'node:path';
import { machineMirror } from '../../../image/apt.ts';
import { runCommand } from '../../../image/command.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';

/** How to run Go: a program and what its environment needs. */
export interface GoCommand {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** From this version on Go fetches the later toolchain that a module asks for. */
const leastMinor = 21;

/** Go of this machine when it is new enough, else that of Debian trixie. A module's later Go comes from the module proxy. */
export async function goCommand(): Promise<GoCommand> {
  const environment = { GOTOOLCHAIN: 'auto', GOFLAGS: '-buildvcs=false' };
  const found = await runCommand('go', ['env', 'GOVERSION'], { environment }).catch(() => undefined);
  const minor = Number(/^go1\.(\d+)/.exec(found?.stdout ?? '')?.[1] ?? 0);
  if (minor >= leastMinor) return { program: 'go', environment };
  const root = await cachedDirectory('trixie-go', 'golang-go', async (work) => {
    const { archive } = await machineMirror();
    const packages = '--include=golang-go';
    await runCommand('mmdebstrap', ['--quiet', '--variant=extract', packages, 'trixie', work, archive]);
  });
  const home = join(root, 'usr/lib/go-1.24');
  return { program: join(home, 'bin/go'), environment: { ...environment, GOROOT: join(root, 'usr/share/go-1.24') } };
}
