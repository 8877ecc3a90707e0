import { isSilentSinceStart } from '../../../image/vm/serial-text.ts';
import type { VirtualMachine } from '../../../image/vm/virtual-machine.ts';

/** OVMF says its first word after some seconds; on a loaded machine, emulated, after some more. */
const patienceMs = 150_000;

/**
 * Presses the reset button of a VM whose firmware hangs: now and then, QEMU's emulated processors wait for each other for
 * ever after a restart, inside OVMF, before anything of ours runs. A host that hangs later is not helped.
 */
export class FirmwareWatch {
  #shown = -1;
  #since = performance.now();

  /** To be called often while waiting for the VM. */
  async look(vm: VirtualMachine): Promise<void> {
    if (vm.spec.boot.kind !== 'uefi') return;
    const serial = await vm.serial();
    if (serial.length !== this.#shown || !isSilentSinceStart(serial)) {
      this.#shown = serial.length;
      this.#since = performance.now();
      return;
    }
    if (performance.now() - this.#since < patienceMs) return;
    this.#since = performance.now();
    process.stderr.write(`the firmware of ${vm.spec.name} said nothing for ${patienceMs / 1000} s: reset\n`);
    const monitor = await vm.monitor();
    try {
      await monitor.reset();
    } finally {
      monitor.close();
    }
  }
}
