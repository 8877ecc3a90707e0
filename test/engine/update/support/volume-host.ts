import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../../src/engine/run-command.ts';
import { installTools } from '../../support/engine-versions.ts';
import { claimDirectory, holdNamespace, reapEngine } from '../../support/private-engine.ts';
import { staticBusybox } from '../../support/test-image.ts';

/** What the image runs before any service. */
export const keepVolumes = join(import.meta.dirname, '../../../../image/os/root/usr/lib/berth/keep-volumes');

/** A release, as `keep-volumes` is told of it. */
export interface BootedRelease {
  readonly rootHash: string;
  readonly version: string;
  readonly standing: 'trial' | 'blessed';
}

/** A state partition like a host's: XFS with reflinks, in a file, in a mount namespace of its own. */
export class VolumeHost {
  readonly #directory: string;
  readonly #pid: number;
  /** The image's shell, which runs its own version of a command where it has one. */
  readonly #shell: string;

  private constructor(directory: string, pid: number, shell: string) {
    this.#directory = directory;
    this.#pid = pid;
    this.#shell = shell;
  }

  static async start(name: string, makeFileSystem = 'mkfs.xfs -q -m reflink=1'): Promise<VolumeHost> {
    await installTools();
    const directory = await claimDirectory(name);
    await copyFile(keepVolumes, join(directory, 'keep-volumes'));
    const file = join(directory, 'memory/disk');
    const holder = await holdNamespace(
      directory,
      ['--mount'],
      [
        // Flushing is not what is measured here.
        `mkdir '${directory}/memory' && mount -t tmpfs -o size=400m tmpfs '${directory}/memory'`,
        `truncate -s 320M '${file}'`,
        `${makeFileSystem} '${file}'`,
        `mkdir '${directory}/state'`,
        `mount -o loop '${file}' '${directory}/state'`,
      ],
    );
    return new VolumeHost(directory, holder.pid, `${await staticBusybox()} sh`);
  }

  /** The state directory, for commands of this host. */
  get state(): string {
    return join(this.#directory, 'state');
  }

  /** The same for this process. */
  get outside(): string {
    return `/proc/${this.#pid}/root${this.state}`;
  }

  /** Runs a shell script on this host, in its state directory. */
  async run(text: string): Promise<string> {
    return runCommand('nsenter', [`--target=${this.#pid}`, '--mount', 'bash', '-c', `cd '${this.state}' && ${text}`]);
  }

  /** Leaves neither a block nor a file's number free. */
  async fill(): Promise<void> {
    const write = (size: string): string => `cat /dev/zero | dd bs=${size} iflag=fullblock of=full/${size} status=none`;
    const names = 'n=0; while mkdir full/$n; do n=$((n + 1)); done';
    await this.run(
      `mkdir -p full && { ${write('1M')}; sync -f .; ${write('4k')}; ${names}; sync -f .; ${names.replaceAll('full/', 'full/again')}; ${write('1k')}; } 2> /dev/null; ! mkdir one 2> /dev/null`,
    );
  }

  /** Undoes {@link fill}. */
  async empty(): Promise<void> {
    await this.run('rm -rf full; sync -f .');
  }

  /** What a boot does before any service. @returns why it was refused; '' when it went well. */
  async boot({ rootHash, version, standing }: BootedRelease): Promise<string> {
    const script = `refusal=$(${this.#shell} ../keep-volumes "$PWD" ${rootHash} ${version} ${standing}) || echo "\${refusal:-for no reason}"`;
    return (await this.run(script)).trim();
  }

  /**
   * Cuts the power before each command of a boot, counted from 1, on a host that `before` prepares; then `after` looks at it. Both are
   * shell scripts, in which `boot HASH VERSION trial|blessed` is a whole boot. @returns what `after` printed, for each cut.
   */
  async cutBoots({ rootHash, version, standing }: BootedRelease, before: string, after: string): Promise<string[]> {
    const output = await this.run(`
boot() { ${this.#shell} ../keep-volumes "$PWD" "$@"; }
# Everything that the script started goes with it.
cut() { setsid --wait bash -T -c "commands=0; trap 'commands=\\$((commands + 1)); [ \\$commands -lt $1 ] || kill -KILL 0' DEBUG; . ../keep-volumes" \
  cut "$PWD" ${rootHash} ${version} ${standing} 2> /dev/null; }
for at in $(seq 1 1000); do
  { ${before}
  } > /dev/null
  cut "$at" && exit
  [ $? = 137 ] || { echo "keep-volumes ended otherwise"; exit; }
  { ${after}
  } 2>&1 | tr '\n' ' '
  echo
done`);
    return output
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  /** What a function of the image's scripts prints, in a release. */
  async call(name: string, { rootHash }: Pick<BootedRelease, 'rootHash'>): Promise<string> {
    const text = await readFile(join(keepVolumes, '../functions'), 'utf8');
    const body = new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}$`, 'm').exec(text)?.[0] ?? '';
    await writeFile(
      join(this.outside, '../functions'),
      `root_hash=${rootHash}\n${body.replaceAll('/var/lib/berth', '.')}\n${name}\n`,
    );
    return this.run(`${this.#shell} ../functions`);
  }

  async stop(): Promise<void> {
    await this.run('cd /; umount -l "$OLDPWD"').catch(() => undefined);
    await reapEngine(this.#directory);
  }
}
