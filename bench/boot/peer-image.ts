import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { machineMirror, openApt, resolvePackages } from '../../image/apt.ts';
import { runCommand } from '../../image/command.ts';
import { buildSystemContainers } from '../../image/system-containers.ts';
import type { BootableImage } from '../../image/vm/presets.ts';
import { cacheDir, cachedDirectory } from '../../test/engine/support/cache.ts';
import { imageArchivePath, peerFiles, peerUnits } from './peer-files.ts';

/** Part of the cache's key: raise it when the image is made differently. */
const builderVersion = 1;

/**
 * What Debian's cloud image has that a container host needs, without what it only recommends; beside these comes the kernel,
 * the very package that our image has.
 */
const packages: readonly string[] = [
  ...['systemd-sysv', 'systemd-resolved', 'systemd-timesyncd', 'dbus', 'udev', 'initramfs-tools', 'zstd'],
  ...['cloud-init', 'docker.io', 'docker-cli', 'docker-compose', 'openssh-server'],
  ...['ca-certificates', 'iproute2', 'e2fsprogs', 'sudo'],
];

/** The console as ours has it: the kernel's messages would only take time. */
const commandLine = 'root=/dev/vda ro console=tty0 console=ttyS0,115200 loglevel=4';

/**
 * Builds the peer's disk in a chroot, and keeps it under a hash of all that it is made of. Needs root.
 * @param kernelRelease `uname -r` of our image: Debian's kernel package of that name is taken.
 */
export async function peerImage(
  kernelRelease: string,
  projectDirectory: string,
  onProgress: (line: string) => void,
): Promise<BootableImage> {
  const include = [`linux-image-${kernelRelease}`, ...packages];
  const apt = await openApt(join(cacheDir, 'apt'), { onProgress });
  const versions = await resolvePackages(apt, { packages: include, without: [] });
  const [container] = await buildSystemContainers({
    recipesDirectory: join(projectDirectory, 'system-containers'),
    names: ['busybox'],
    onProgress,
  });
  if (container === undefined) throw new Error('the busybox container was not built');
  const recipe = JSON.stringify([
    builderVersion,
    versions.map(({ fileName, sha256 }) => [fileName, sha256]),
    container.imageId,
    peerFiles,
    peerUnits,
  ]);
  const key = createHash('sha256').update(recipe).digest('hex');
  const directory = await cachedDirectory('boot-peer', key, async (work) => {
    onProgress('building the peer: Debian 13 with cloud-init and Docker');
    await build({ include, archive: container.archive, kernelRelease, work });
  });
  return {
    disk: join(directory, 'disk.raw'),
    kernel: join(directory, 'vmlinuz'),
    initrd: join(directory, 'initrd'),
    commandLine,
  };
}

interface BuildOptions {
  readonly include: readonly string[];
  readonly archive: string;
  readonly kernelRelease: string;
  readonly work: string;
}

async function build({ include, archive, kernelRelease, work }: BuildOptions): Promise<void> {
  const tree = join(work, 'tree');
  await mkdir(tree);
  const mirror = await machineMirror();
  const source = (uri: string, suite: string) => `deb ${uri} ${suite} main`;
  const sources = [
    source(mirror.archive, 'trixie'),
    source(mirror.archive, 'trixie-updates'),
    ...(mirror.security === undefined ? [] : [source(mirror.security, 'trixie-security')]),
  ];
  // apt installs no recommended packages here: mmdebstrap's default.
  const options = ['--quiet', '--variant=minbase', `--include=${include.join(',')}`];
  await runCommand('mmdebstrap', [...options, 'trixie', tree, ...sources], {
    code: 'IMAGE_PULL_FAILED',
    retryable: true,
  });
  for (const { path, text, mode = 0o644 } of peerFiles) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
    await chmod(join(tree, path), mode);
  }
  await mkdir(dirname(join(tree, imageArchivePath)), { recursive: true });
  await copyFile(archive, join(tree, imageArchivePath));
  const inTree = (...command: string[]) => runCommand('chroot', [tree, ...command]);
  await inTree('systemctl', 'enable', ...peerUnits.enabled);
  await inTree('systemctl', 'disable', ...peerUnits.disabled);
  await removeIdentity(tree);
  for (const name of ['vmlinuz', 'initrd.img'])
    await copyFile(join(tree, 'boot', `${name}-${kernelRelease}`), join(work, name.replace('.img', '')));
  await makeDisk(tree, join(work, 'disk.raw'));
  await rm(tree, { recursive: true });
}

/** What every instance makes for itself, and the packages that were fetched. */
async function removeIdentity(tree: string): Promise<void> {
  await writeFile(join(tree, 'etc/machine-id'), '');
  const keys = (await readdir(join(tree, 'etc/ssh'))).filter((name) => name.startsWith('ssh_host_'));
  for (const name of keys) await rm(join(tree, 'etc/ssh', name));
  await rm(join(tree, 'etc/resolv.conf'), { force: true });
  await runCommand('ln', ['-s', '../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf')]);
  for (const path of ['var/cache/apt', 'var/lib/apt/lists']) {
    await rm(join(tree, path), { recursive: true, force: true });
    await mkdir(join(tree, path));
  }
}

const mebibyte = 2 ** 20;

/** An ext4 file system without a partition table: QEMU loads the kernel. It has a fifth of room; cloud-init grows it. */
async function makeDisk(tree: string, disk: string): Promise<void> {
  const { stdout } = await runCommand('du', ['--summarize', '--block-size=1M', tree]);
  const usedMebibytes = Number(stdout.split('\t', 1)[0]);
  await writeFile(disk, '');
  await truncate(disk, Math.ceil(usedMebibytes * 1.2 + 64) * mebibyte);
  const features = ['-E', 'lazy_itable_init=0,lazy_journal_init=0'];
  await runCommand('mke2fs', ['-q', '-t', 'ext4', '-L', 'peer', ...features, '-d', tree, disk]);
}
