import type { Cli } from './context.ts';
import { fit, formatDuration } from './text.ts';

/** Between signs of life on a terminal, and in a log, where each is a line. */
const [shownMs, loggedMs] = [200, 15_000];
const escape = String.fromCharCode(27);

/** Gives whoever sits at a terminal signs of life while one thing takes its time; what programs read has none of it. */
export async function withSigns<Result>(cli: Cli, title: string, work: () => Promise<Result>): Promise<Result> {
  return cli.flags.json === true || !cli.style.isTerminal ? work() : new Phases(cli).run(title, work);
}

/** Tells what a long command is at: a line when a phase begins, signs of life, its time when it ends. */
export class Phases {
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  /** Runs a phase; `report` shows what it is doing right now. */
  async run<T>(title: string, work: (report: (detail: string) => void) => Promise<T>): Promise<T> {
    const { clock } = this.#cli.context;
    const startedAt = clock.now();
    let detail = '';
    const show = (): void => this.#show('running', title, detail, clock.now() - startedAt);
    show();
    const timer = setInterval(show, this.#cli.style.isTerminal ? shownMs : loggedMs).unref();
    try {
      const result = await work((text) => {
        // The same again is no news; the timer gives signs of life.
        if (text === detail) return;
        detail = text;
        show();
      });
      this.#show('done', title, '', clock.now() - startedAt);
      return result;
    } catch (error) {
      this.#show('failed', title, '', clock.now() - startedAt);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  #show(state: 'running' | 'done' | 'failed', title: string, detail: string, elapsedMs: number): void {
    const { context, flags, style } = this.#cli;
    if (flags.json === true) {
      context.stdout.write(`${JSON.stringify({ kind: 'phase', state, title, detail, elapsedMs })}\n`);
      return;
    }
    const took = formatDuration(elapsedMs);
    const text = fit(`${title}${detail === '' ? '' : `: ${detail}`}`, Math.max(20, style.columns - took.length - 6));
    const sign = { running: style.busy('…'), done: style.good('✓'), failed: style.bad('✗') }[state];
    const line = `${sign} ${text} ${style.dim(took)}`;
    if (!style.isTerminal) context.stdout.write(`${line}\n`);
    else context.stdout.write(`\r${line}${escape}[K${state === 'running' ? '' : '\n'}`);
  }
}
