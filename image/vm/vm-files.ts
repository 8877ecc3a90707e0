import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';

/** Where the parts of a VM lie. */
export interface VmFiles {
  readonly directory: string;
  readonly spec: string;
  /** The disk's image: a second name of the file in the cache, so that it outlives that. */
  readonly base: string;
  /** The image's kernel, to try KVM with; shared likewise. */
  readonly kernel: string;
  readonly disk: string;
  readonly variables: string;
  readonly serialLog: string;
  readonly serialSocket: string;
  readonly secondSerialSocket: string;
  readonly qmpSocket: string;
  readonly qemuLog: string;
  /** Process id, start and boot of QEMU. */
  readonly process: string;
  readonly sshKey: string;
  readonly knownHosts: string;
  /** Leads to the API inside, while ssh keeps a connection open. */
  readonly apiSocket: string;
  readonly sshProcess: string;
  readonly sshLog: string;
  /** Recorded writes, as the kernel's dm-log-writes has them. */
  readonly writeLog: string;
  /** What the n-th delivery is made of. */
  delivery(index: number): string;
  extraDisk(name: string): string;
}

/** unix(7): a socket's path has at most 108 bytes, with the closing zero. */
const longestSocket = 108 - 1;

/** The files of a VM in its directory. Pure. Throws UNSUPPORTED when sockets could not be made in it. */
export function vmFiles(directory: string): VmFiles {
  const at = (name: string) => join(directory, name);
  const files: VmFiles = {
    directory,
    spec: at('spec.json'),
    base: at('base.img'),
    kernel: at('vmlinuz'),
    disk: at('disk.qcow2'),
    variables: at('variables.fd'),
    serialLog: at('serial.log'),
    serialSocket: at('serial.sock'),
    secondSerialSocket: at('serial2.sock'),
    qmpSocket: at('qmp.sock'),
    qemuLog: at('qemu.log'),
    process: at('qemu.process'),
    sshKey: at('id_ed25519'),
    knownHosts: at('known_hosts'),
    apiSocket: at('berth.sock'),
    sshProcess: at('ssh.process'),
    sshLog: at('ssh.log'),
    writeLog: at('writes.log'),
    delivery: (index) => at(`delivery-${index}`),
    extraDisk: (name) => at(`disk-${name}.qcow2`),
  };
  if (Buffer.byteLength(files.secondSerialSocket) > longestSocket) {
    throw new BerthError('UNSUPPORTED', `the path ${directory} is too long: sockets cannot be made in it`, {
      hint: 'name a shorter one with BERTH_VM_DIR',
    });
  }
  return files;
}
