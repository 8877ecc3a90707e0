import type { PowerConfig } from '../config/commands-config.ts';
import type { Clock } from '../core/clock.ts';
import type { Say } from './boot-console.ts';

export interface PowerOrderDependencies {
  readonly clock: Clock;
  readonly say: Say;
  /** True while the config is being brought about. */
  readonly isChanging: () => boolean;
  /** Restarts or powers off, with all that is done before. */
  readonly power: (mode: 'reboot' | 'poweroff') => Promise<void>;
  readonly signal: AbortSignal;
}

const lookAgainMs = 500;

/** What a config wants of the machine once it is set up: a restart, or power off. */
export class PowerOrder {
  readonly #deps: PowerOrderDependencies;

  constructor(deps: PowerOrderDependencies) {
    this.#deps = deps;
  }

  /** Resolves at once: whoever gives the order is part of what is waited for. */
  async give(power: PowerConfig): Promise<void> {
    void this.#carryOut(power).catch((error: unknown) => {
      if (!this.#deps.signal.aborted) this.#deps.say(`power_state: ${String(error)}`);
    });
  }

  async #carryOut({ mode, delayMinutes, message, timeoutSeconds }: PowerConfig): Promise<void> {
    const { clock, say, isChanging, power, signal } = this.#deps;
    const deadline = clock.now() + timeoutSeconds * 1000;
    while (isChanging() && clock.now() < deadline) await clock.sleep(lookAgainMs, signal);
    const when = delayMinutes === 0 ? 'now' : `in ${delayMinutes} min`;
    say(`power_state: ${mode} ${when}${message === undefined ? '' : `: ${message}`}`);
    await clock.sleep(delayMinutes * 60_000, signal);
    // Berth's init knows no third way.
    await power(mode === 'reboot' ? 'reboot' : 'poweroff');
  }
}
