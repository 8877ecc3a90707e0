import type { PlannedStep } from '../agent/model.ts';
import type { Output } from './output.ts';
import type { Style } from './style.ts';
import { fit, formatDuration } from './text.ts';

interface RunningStep {
  readonly step: PlannedStep;
  readonly startedAt: number;
  readonly fraction: number | undefined;
  /** What went wrong last time, when it is tried again. */
  readonly trouble: string;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const barWidth = 20;
const escape = String.fromCharCode(27);

/**
 * Shows steps as they run. On a terminal: a line for each running step, redrawn in place, above them what is done.
 * Elsewhere: a line when a step begins and one when it ends.
 */
export class Progress {
  readonly #output: Output;
  readonly #style: Style;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #running = new Map<string, RunningStep>();
  #steps = new Map<string, PlannedStep>();
  #done = 0;
  #drawnLines = 0;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, style: Style, now: () => number) {
    this.#output = output;
    this.#style = style;
    this.#now = now;
    this.#startedAt = now();
  }

  /** Begins; the steps give the total. */
  begin(steps: readonly PlannedStep[]): void {
    this.#steps = new Map(steps.map((step) => [step.id, step]));
    if (!this.#style.isTerminal) return;
    this.#timer = setInterval(() => this.draw(), frameMs).unref();
  }

  stepStarted(step: PlannedStep): void {
    this.#steps.set(step.id, step);
    this.#running.set(step.id, { step, startedAt: this.#now(), fraction: undefined, trouble: '' });
    if (!this.#style.isTerminal) this.#line(`start   ${step.summary}`);
    else this.draw();
  }

  stepProgress(id: string, fraction: number): void {
    const running = this.#running.get(id);
    if (running !== undefined) this.#running.set(id, { ...running, fraction });
  }

  stepDone(id: string, durationMs: number): void {
    this.#running.delete(id);
    this.#done += 1;
    const text = `${this.#summary(id)} ${this.#style.dim(`(${formatDuration(durationMs)})`)}`;
    this.#line(this.#style.isTerminal ? `${this.#style.good('✓')} ${text}` : `done    ${text}`);
  }

  stepFailed(id: string, error: string, retryAt: string | null): void {
    this.#running.delete(id);
    const again = retryAt === null ? '' : `, trying again in ${formatDuration(Date.parse(retryAt) - this.#now())}`;
    const text = `${this.#summary(id)}: ${error}${again}`;
    this.#line(this.#style.isTerminal ? `${this.#style.bad('✗')} ${text}` : `failed  ${text}`);
  }

  /** Takes the running lines off the screen. */
  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  /** Redraws the running lines. */
  draw(): void {
    this.#frame += 1;
    const lines = this.#frameLines();
    this.#clear();
    for (const line of lines) this.#output.write(`${line}\n`);
    this.#drawnLines = lines.length;
  }

  #frameLines(): string[] {
    const { bold, busy, dim } = this.#style;
    const width = this.#style.columns - 1;
    const room = Math.max(1, (this.#output.rows ?? 24) - 4);
    const sign = busy(spinner[this.#frame % spinner.length] ?? '·');
    const running = [...this.#running.values()];
    const lines = running.slice(0, room).map(({ step, startedAt, fraction }) => {
      const tail = `${fraction === undefined ? '' : `${bar(fraction)} `}${formatDuration(this.#now() - startedAt)}`;
      return `${sign} ${fit(step.summary, width - tail.length - 3)} ${dim(tail)}`;
    });
    if (running.length > room) lines.push(dim(`  … and ${running.length - room} more`));
    const waiting = Math.max(0, this.#steps.size - this.#done - running.length);
    const sum = `${this.#done} of ${this.#steps.size} done, ${waiting} waiting, ${formatDuration(this.#now() - this.#startedAt)}`;
    return [...lines, bold(fit(sum, width))];
  }

  #line(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
    if (this.#style.isTerminal) this.draw();
  }

  #clear(): void {
    if (this.#drawnLines > 0) this.#output.write(`${escape}[${this.#drawnLines}A${escape}[J`);
    this.#drawnLines = 0;
  }

  #summary(id: string): string {
    return this.#steps.get(id)?.summary ?? id;
  }
}

function bar(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return `[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)} %`;
}
