import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { type GoTool, goTool, ignitionModule } from './go-tool.ts';

/** Ignition itself: called `ignition-apply` it does its files stage on a directory. */
const engineTool: GoTool = { ...ignitionModule, package: `${ignitionModule.module}/internal` };

/** What the engine is compiled with; without its headers there is no building it. */
export async function installEngineHeaders(): Promise<void> {
  const found = await runCommand('dpkg-query', ['-W', 'libblkid-dev', 'gcc', 'libc6-dev'], { accept: [0, 1] });
  if (found.exitCode === 0) return;
  await runCommand('apt-get', ['update', '-qq'], { retryable: true });
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'libblkid-dev', 'gcc', 'libc6-dev'], {
    retryable: true,
  });
}

/** Writes what a config asks into a directory, as Ignition does; what it says when it does not. */
export class IgnitionApply {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  static async build(): Promise<IgnitionApply> {
    await installEngineHeaders();
    return new IgnitionApply(await goTool(engineTool));
  }

  async run(text: string, root: string): Promise<string | undefined> {
    const work = await mkdtemp(join(tmpdir(), 'berth-ignition-'));
    try {
      const config = join(work, 'config.ign');
      await writeFile(config, text);
      const options = ['--root', root, '--offline', '--ignore-unsupported', config];
      // It looks at its own name, and works in containers only.
      const script = 'exec -a ignition-apply "$0" "$@"';
      await runCommand('bash', ['-c', script, this.#program, ...options], { environment: { container: 'test' } });
      return undefined;
    } catch (error) {
      return String(error);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
}
