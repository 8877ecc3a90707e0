import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

/**
 * Says when to look again: at every change that the kernel reports (`ip monitor`) and every answer of the DHCP client.
 * What it says carries no content, so losing or merging reports is harmless.
 */
export class NetworkMonitor {
  readonly #leasesDirectory: string;
  readonly #clock: Clock;
  readonly #onChange: () => void;

  constructor(deps: { leasesDirectory: string; clock: Clock; onChange: () => void }) {
    this.#leasesDirectory = deps.leasesDirectory;
    this.#clock = deps.clock;
    this.#onChange = deps.onChange;
  }

  /** Runs until aborted; a monitor that ends is started again a second later. */
  async run(signal: AbortSignal): Promise<void> {
    const files: FSWatcher = watch(this.#leasesDirectory, { persistent: false, signal }, () => this.#onChange());
    files.on('error', () => this.#onChange());
    while (!signal.aborted) {
      await this.#follow(
        spawn('ip', ['monitor', 'link', 'address', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] }),
        signal,
      );
      this.#onChange();
      await this.#clock.sleep(1000, signal).catch(() => undefined);
    }
  }

  #follow(child: ChildProcess, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = (): void => void child.kill('SIGTERM');
      const end = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      child.stdout?.on('data', () => this.#onChange());
      child.once('error', end);
      child.once('close', end);
    });
  }
}
