import { BerthError } from '../../core/errors.ts';

/** Ends a look of the host's own. */
export const askedMeanwhile = new BerthError('CANCELLED', 'an operator asked meanwhile');

/** A look at the repository that the host takes by itself: there is at most one. */
export class OwnLook {
  #work: Promise<unknown> | undefined;

  /** Rejects as the work does, but not when it gave way. */
  async take(work: () => Promise<unknown>): Promise<void> {
    const begun = work();
    this.#work = begun;
    try {
      await begun;
    } catch (error) {
      if (error !== askedMeanwhile) throw error;
    } finally {
      this.#work = undefined;
    }
  }

  /** Whoever asks now is not to wait for a repository that the host asks by itself, or be turned away. `end`: ends what is asked. */
  async giveWay(end: (why: BerthError) => void): Promise<void> {
    if (this.#work === undefined) return;
    end(askedMeanwhile);
    await this.#work.catch(() => undefined);
  }
}
