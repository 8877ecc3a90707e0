import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../../image/vm/serial-text.ts';
import { VirtualMachine } from '../../image/vm/virtual-machine.ts';
import { vmFiles } from '../../image/vm/vm-files.ts';
import type { VmSpec } from '../../image/vm/vm-spec.ts';
import { SerialShell } from '../../test/vm/support/serial-shell.ts';
import { ConsoleWatch, processorSeconds, startSeconds } from './console-watch.ts';
import type { Marks, ReadMarks } from './marks.ts';

const pollMs = 20;
const bootLimitMs = 600_000;
const shutdownLimitMs = 180_000;
const tailLines = 40;

/** One boot, from QEMU's start until all services were healthy. */
export interface BootTimes {
  readonly marks: Marks;
  /** QEMU's seconds of processor time until then. */
  readonly processorSeconds: number;
}

/** A host that is measured. */
export class MeasuredMachine {
  readonly #vm: VirtualMachine;
  readonly #readMarks: ReadMarks;
  readonly #signal: AbortSignal;

  private constructor(vm: VirtualMachine, readMarks: ReadMarks, signal: AbortSignal) {
    this.#vm = vm;
    this.#readMarks = readMarks;
    this.#signal = signal;
  }

  /** Makes a machine with a new disk, hands it over, and leaves nothing of it. */
  static async use<T>(
    { spec, readMarks }: { readonly spec: VmSpec; readonly readMarks: ReadMarks },
    signal: AbortSignal,
    work: (machine: MeasuredMachine) => Promise<T>,
  ): Promise<T> {
    const directory = await mkdtemp(join('/tmp', 'btb-'));
    const vm = new VirtualMachine(spec, vmFiles(directory));
    try {
      await vm.prepare();
      return await work(new MeasuredMachine(vm, readMarks, signal));
    } catch (error) {
      const console = lastLines(await vm.serial(), tailLines);
      throw new Error(`${spec.name}: ${String(error)}\n--- the console's last lines ---\n${console}`, { cause: error });
    } finally {
      await vm.kill();
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Boots, and waits until all services are healthy. */
  async boot(): Promise<BootTimes> {
    await this.#vm.start('tcg');
    const qemu = await this.#vm.process();
    if (qemu === undefined) throw new Error('QEMU ended');
    const watch = await ConsoleWatch.open(this.#vm.files.serialLog);
    const deadline = performance.now() + bootLimitMs;
    try {
      for (;;) {
        await watch.poll();
        const marks = this.#readMarks(watch.lines, startSeconds(qemu));
        if (marks['all-services'] !== undefined) return { marks, processorSeconds: processorSeconds(qemu) };
        if (performance.now() > deadline)
          throw new Error(`not all services were healthy within ${bootLimitMs / 1000} s`);
        await sleep(pollMs, undefined, { signal: this.#signal });
      }
    } finally {
      await watch.close();
    }
  }

  /** Asks the root shell on the second serial port. */
  async ask<T>(questions: (shell: SerialShell) => Promise<T>): Promise<T> {
    const shell = await SerialShell.open(this.#vm.files.secondSerialSocket, bootLimitMs);
    try {
      return await questions(shell);
    } finally {
      shell.close();
    }
  }

  /** Presses the power button. @returns seconds until the machine was off. */
  async shutDown(): Promise<number> {
    const start = performance.now();
    if (!(await this.#vm.powerOff(shutdownLimitMs, this.#signal))) throw new Error('the power button did not help');
    return (performance.now() - start) / 1000;
  }
}
