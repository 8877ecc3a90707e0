import type { CronJob } from 'cron';

/**
 * Wakes the reconciler at the next due time of a schedule. The time itself is computed by `core/schedule` (`cron`'s own
 * next-time is wrong around daylight saving changes); `cron` arms the timer, also beyond what setTimeout can count.
 * It is loaded with the first schedule: a host without schedules does without it.
 */
export class ScheduleTimer {
  readonly #onDue: () => void;
  #armedFor: number | undefined;
  #job: CronJob | undefined;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** @param at milliseconds since the epoch; undefined disarms it. */
  arm(at: number | undefined): void {
    if (at === this.#armedFor) return;
    this.#armedFor = at;
    void this.#job?.stop();
    this.#job = undefined;
    if (at !== undefined) void this.#start(at);
  }

  async #start(at: number): Promise<void> {
    // In the bundle a CommonJS package has only its default export.
    const { CronJob: Job } = (await import('cron')).default;
    // Armed otherwise while it was loaded.
    if (this.#armedFor !== at) return;
    const onTick = (): void => {
      this.#armedFor = undefined;
      this.#onDue();
    };
    if (at <= Date.now()) onTick();
    else this.#job = Job.from({ cronTime: new Date(at), onTick, start: true });
  }
}
