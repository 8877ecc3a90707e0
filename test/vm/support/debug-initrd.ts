import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCpio } from '../../../image/os/cpio.ts';
import { projectDirectory } from './test-image.ts';

/** The initrd's own line after which /etc is there, and before which PID 1 is not. */
const marker = "printf 'slot=";
/** How PID 1 runs the shell on the second serial port: at once, or when somebody presses Enter there. */
const actions = { 'at-once': 'respawn', 'on-demand': 'askfirst' } as const;

/**
 * The first group of processes with its own set of processors makes the kernel patch its code, which QEMU's translator may
 * miss ({@link emulationArguments}). Here nothing else runs yet; the group stays, so that it is not done again.
 */
const firstGroup = [
  'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  'mkdir /sys/fs/cgroup/first',
  "echo '+cpuset +memory +pids' > /sys/fs/cgroup/cgroup.subtree_control",
  'umount /sys/fs/cgroup',
].join('\n');

/**
 * Writes an initrd with which the image runs a root shell on its second serial port: a later archive in an initrd goes over
 * an earlier one, so only the init script is another. Nothing on the disk is changed.
 */
export async function writeDebugInitrd(
  initrd: string,
  target: string,
  when: keyof typeof actions = 'at-once',
): Promise<void> {
  const hook = `${firstGroup}\necho 'ttyS1::${actions[when]}:/bin/bash --norc --noprofile' >> etc/inittab\n`;
  const init = await readFile(initScript, 'utf8');
  if (!init.includes(marker))
    throw new Error(`the initrd's init has no line ${marker}: where else does the test shell go?`);
  await writeFile(target, withInit(await readFile(initrd), init.replace(marker, `${hook}${marker}`)));
}

/** The initrd's own script. */
export const initScript = join(projectDirectory, 'image/os/initrd/init');

/** An initrd with another script in the place of its own: a later archive goes over an earlier one. Pure. */
export function withInit(initrd: Buffer, script: string): Buffer {
  // The kernel wants each archive on a multiple of four bytes.
  const padding = Buffer.alloc((512 - (initrd.length % 512)) % 512);
  const data = Buffer.from(script);
  return Buffer.concat([initrd, padding, writeCpio([{ kind: 'file', path: 'init', data, executable: true }])]);
}
