import { isBeforeKernel } from '../../../image/vm/serial-text.ts';

/** OVMF says its first word after some seconds; on a loaded machine, emulated, after some more. */
export const firmwarePatienceMs = 150_000;

/**
 * Tells when a VM's firmware hangs: now and then, QEMU's emulated processors wait for each other for ever after a restart, inside
 * OVMF, before a kernel of ours runs. A host that hangs later does not count.
 */
export class FirmwareWatch {
  #shown = -1;
  #since = 0;

  /**
   * To be asked often while waiting for the VM.
   * @param serial what its console has shown. @param now `performance.now()`.
   */
  isStuck(serial: string, now: number): boolean {
    const isWaiting = serial.length === this.#shown && isBeforeKernel(serial);
    this.#shown = serial.length;
    if (isWaiting && now - this.#since < firmwarePatienceMs) return false;
    this.#since = now;
    return isWaiting;
  }
}
