import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { machineMirror } from '../../../image/apt.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import type { HostPlanOptions } from '../../../src/host/resource.ts';
import { imageEtc } from '../../unit/host/support.ts';
import { cachedDirectory } from '../support/cache.ts';
import { installTools } from '../support/engine-versions.ts';

const repository = join(import.meta.dirname, '../../..');
/** The programs that the image has for its own resources. */
const packages = [
  'util-linux',
  'mount',
  'fdisk',
  'mdadm',
  'kmod',
  'xfsprogs',
  'e2fsprogs',
  'dosfstools',
  'btrfs-progs',
  'tzdata',
];

/** What Node is linked with, and what the tests ask the host with. */
const forTests = ['libstdc++6', 'dash', 'coreutils', 'grep', 'hostname', 'libc-bin'];

export interface Applied {
  readonly done: readonly string[];
  readonly failed: readonly string[];
  readonly blocked: readonly string[];
  /** Steps that a new plan has. */
  readonly remaining: readonly string[];
}

/** The image's programs, as Debian trixie has them. */
export async function imagePrograms(): Promise<string> {
  await installTools();
  const include = [...packages, ...forTests].join(',');
  return await cachedDirectory('trixie-host', `extract ${include}`, async (directory) => {
    const { archive } = await machineMirror();
    await runCommand('mmdebstrap', [
      '--quiet',
      '--variant=extract',
      `--include=${include}`,
      'trixie',
      directory,
      archive,
    ]);
  });
}

/** The root of a host like the image's: memory, with a read-only /usr, an overlay for /etc, and /var that is kept. */
const setUp = `
set -e
root=$1 programs=$2 kept=$3 repository=$4
mount -t tmpfs -o mode=0755 tmpfs "$root"
cd "$root"
mkdir usr etc var proc sys dev run tmp home root opt srv mnt defaults
for name in bin sbin lib lib64; do ln -s "usr/$name" "$name"; done
mount --bind "$programs/usr" usr
mount -o remount,bind,ro usr
mount --bind "$kept/var" var
mount --rbind /proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount --bind "$kept/defaults" defaults
mkdir -p run/etc/upper run/etc/work
mount -t overlay -o "lowerdir=$kept/defaults,upperdir=run/etc/upper,workdir=run/etc/work" overlay etc
mkdir -p ".$repository"
mount --bind "$repository" ".$repository"
exec chroot . "$repository/node_modules/.bin/node" "$repository/test/engine/host/fixtures/host-agent.ts"
`;

/** A host in namespaces of its own: mounts, host name and network settings. Disks and swap space are the machine's. */
export class ImageRig {
  readonly #directory: string;
  readonly #programs: string;
  #process: ChildProcess | undefined;
  #answers: AsyncIterator<string> | undefined;

  private constructor(directory: string, programs: string) {
    this.#directory = directory;
    this.#programs = programs;
  }

  static async start(): Promise<ImageRig> {
    const programs = await imagePrograms();
    const directory = await mkdtemp(join(tmpdir(), 'berth-host-'));
    for (const name of ['root', 'kept/var', 'kept/defaults']) await mkdir(join(directory, name), { recursive: true });
    for (const [path, text] of Object.entries(imageEtc)) {
      const file = join(directory, 'kept/defaults', path.slice('/etc/'.length));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode: path === '/etc/shadow' ? 0o600 : 0o644 });
    }
    const rig = new ImageRig(directory, programs);
    await rig.#boot();
    return rig;
  }

  /** Ends the host; only /var and disks outlive it. */
  async reboot(): Promise<void> {
    await this.#end();
    await this.#boot();
  }

  async apply(text: string, options: Omit<HostPlanOptions, 'previous'>, before?: string): Promise<Applied> {
    this.#process?.stdin?.write(`${JSON.stringify({ text, options, ...(before === undefined ? {} : { before }) })}\n`);
    const answer = await this.#answers?.next();
    if (answer === undefined || answer.done === true) throw new Error('the host ended; see the output above');
    const result = JSON.parse(answer.value) as Applied | { readonly error: string };
    if ('error' in result) throw new Error(result.error);
    return result;
  }

  /** Runs a shell command on the host. @returns its output without the last line end. */
  async run(command: string): Promise<string> {
    const target = ['--target', String(this.#process?.pid), '--mount', '--uts', '--net', '--root', '--wd=/'];
    return (await runCommand('nsenter', [...target, '/bin/sh', '-c', command])).trimEnd();
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #boot(): Promise<void> {
    const kept = join(this.#directory, 'kept');
    const args = ['--mount', '--uts', '--net', '--propagation', 'private', 'sh', '-c', setUp, 'sh'];
    const child = spawn('unshare', [...args, join(this.#directory, 'root'), this.#programs, kept, repository], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    // Before that, it may still be where this process is.
    const { value } = (await this.#answers.next()) as { readonly value?: string };
    if (value !== 'ready') throw new Error('the host did not start; see the output above');
  }

  async #end(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  }
}
