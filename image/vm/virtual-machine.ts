import { existsSync } from 'node:fs';
import { access, constants, copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BerthError, isBerthError } from '../../src/core/errors.ts';
import {
  type DetachedProcess,
  findDetached,
  forgetDetached,
  isAlive,
  spawnDetached,
  terminate,
} from '../../src/engine/detached-process.ts';
import { runCommand } from '../command.ts';
import { type Accelerator, machines, qemuArguments } from './qemu-arguments.ts';
import { QmpClient } from './qmp.ts';
import { writeDelivery } from './seed-volume.ts';
import { lastLines } from './serial-text.ts';
import type { VmFiles } from './vm-files.ts';
import type { VmSpec } from './vm-spec.ts';

const pollMs = 100;

/** QEMU's process, while it runs. */
export async function findQemu({ process }: Pick<VmFiles, 'process'>): Promise<DetachedProcess | undefined> {
  return findDetached(process);
}

/** Ends QEMU at once. What the guest has not flushed may be lost, as after a power cut, though not all of it will. */
export async function killQemu({ process }: Pick<VmFiles, 'process'>): Promise<void> {
  const qemu = await findDetached(process);
  if (qemu !== undefined) await terminate(qemu, 0);
  await forgetDetached(process);
}

/** A VM with its files: made once, started and stopped as often as one likes. QEMU lives on without this process. */
export class VirtualMachine {
  readonly spec: VmSpec;
  readonly files: VmFiles;

  constructor(spec: VmSpec, files: VmFiles) {
    this.spec = spec;
    this.files = files;
  }

  /** Makes the disks and the firmware's variables unless they are there. Throws UNSUPPORTED when qemu-img fails. */
  async prepare(): Promise<void> {
    const { files, spec } = this;
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    if (!existsSync(files.base)) await shareFile(spec.disk.base, files.base);
    if (!existsSync(files.disk)) {
      const backing = ['-F', spec.disk.baseFormat, '-b', files.base];
      await makeDisk(files.disk, spec.disk.sizeBytes, backing);
    }
    for (const disk of spec.extraDisks) {
      if ('file' in disk) continue;
      const { name, sizeBytes, base } = disk;
      const backing = base === undefined ? [] : ['-F', 'raw', '-b', base];
      if (!existsSync(files.extraDisk(name))) await makeDisk(files.extraDisk(name), sizeBytes, backing);
    }
    if (spec.boot.kind === 'uefi' && !existsSync(files.variables)) {
      await copyFile(spec.boot.variables, `${files.variables}.new`);
      await rename(`${files.variables}.new`, files.variables);
    }
  }

  /** Makes the disk of a VM that is off larger; the guest finds the room at its next boot. */
  async growDisk(sizeBytes: number): Promise<void> {
    const { stdout } = await runCommand('qemu-img', ['info', '--output=json', this.files.disk]);
    const size = (JSON.parse(stdout) as { readonly 'virtual-size': number })['virtual-size'];
    if (size < sizeBytes) await runCommand('qemu-img', ['resize', '-q', this.files.disk, String(sizeBytes)]);
  }

  /** QEMU's process, while it runs. */
  async process(): Promise<DetachedProcess | undefined> {
    return findQemu(this.files);
  }

  /**
   * Starts QEMU and returns when its monitor answers. The console of earlier starts is in `serial.log.1`.
   * Throws BUSY when it runs already, UNSUPPORTED with QEMU's words when it ends at once.
   */
  async start(accelerator: Accelerator): Promise<void> {
    const { files, spec } = this;
    if ((await this.process()) !== undefined) throw new BerthError('BUSY', `the VM ${spec.name} runs already`);
    for (const [index, delivery] of spec.deliveries.entries()) await writeDelivery(delivery, files.delivery(index));
    if (existsSync(files.serialLog)) await rename(files.serialLog, `${files.serialLog}.1`);
    for (const leftover of [files.serialSocket, files.secondSerialSocket, files.qmpSocket, files.qemuLog])
      await rm(leftover, { force: true });
    if (spec.recordWrites === true) await writeFile(files.writeLog, '', { mode: 0o600 });
    const qemu = await spawnDetached({
      command: machines[spec.architecture].program,
      args: qemuArguments(spec, files, accelerator),
      env: process.env,
      logFile: files.qemuLog,
      pidFile: files.process,
    }).catch((cause: unknown) => {
      throw new BerthError('UNSUPPORTED', `cannot run ${machines[spec.architecture].program}`, { cause });
    });
    for (;;) {
      if (await this.#answers()) return;
      if (!isAlive(qemu)) {
        const said = lastLines(await readFile(files.qemuLog, 'utf8').catch(() => ''), 5);
        throw new BerthError('UNSUPPORTED', `QEMU ended at once: ${said}`);
      }
      await sleep(pollMs);
    }
  }

  /** A connection to QEMU's monitor, to be closed. Throws NOT_FOUND when it does not run. */
  async monitor(): Promise<QmpClient> {
    return QmpClient.connect(this.files.qmpSocket);
  }

  /** Presses the power button and waits for the guest to end. @returns false when it did not within the time. */
  async powerOff(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const qemu = await this.process();
    if (qemu === undefined) return true;
    const deadline = performance.now() + timeoutMs;
    const monitor = await this.monitor();
    try {
      await monitor.pressPowerButton();
      while (isAlive(qemu)) {
        if (performance.now() > deadline) return false;
        await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
      }
    } finally {
      monitor.close();
    }
    await forgetDetached(this.files.process);
    return true;
  }

  /** Ends QEMU at once: {@link killQemu}. */
  async kill(): Promise<void> {
    await killQemu(this.files);
  }

  /** All that the serial console showed since the last start; '' before the first. */
  async serial(): Promise<string> {
    return readFile(this.files.serialLog, 'utf8').catch(() => '');
  }

  async #answers(): Promise<boolean> {
    try {
      (await this.monitor()).close();
      return true;
    } catch (error) {
      if (isBerthError(error, 'NOT_FOUND')) return false;
      throw error;
    }
  }
}

/** A second name for a file where that can be had, else a copy: it stays when the first is removed or replaced. */
export async function shareFile(source: string, target: string): Promise<void> {
  await access(source, constants.R_OK).catch((cause: unknown) => {
    throw new BerthError('NOT_FOUND', `there is no ${source}`, { cause });
  });
  await link(source, target).catch(async () => {
    await runCommand('cp', ['--sparse=always', '--reflink=auto', source, `${target}.new`]);
    await rename(`${target}.new`, target);
  });
}

async function makeDisk(file: string, sizeBytes: number, options: readonly string[]): Promise<void> {
  await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, `${file}.new`, String(sizeBytes)]);
  await rename(`${file}.new`, file);
}
