import type { Clock } from '../core/clock.ts';
import { movingStates, settledStates } from '../services/status.ts';
import type { BootConsole } from './boot-console.ts';
import type { HostStatus } from './model.ts';

const longestDetail = 120;

/** What a boot tells of its engines and services: each when it is where it should be, and when it first is in trouble. */
export class BootProgress {
  readonly #told = new Set<string>();

  /** The lines that a status adds to what was told before. */
  lines({ engines, services }: Pick<HostStatus, 'engines' | 'services'>): string[] {
    const all = [
      ...engines.map(({ name, state, version, detail }) => ({
        subject: `engine ${name}`,
        isFine: state === 'running',
        isMoving: state !== 'failed' && state !== 'unreachable',
        ...{ state, note: state === 'running' ? version : detail },
      })),
      ...services.map(({ name, state, detail }) => ({
        subject: `service ${name}`,
        isFine: settledStates.has(state),
        isMoving: movingStates.has(state),
        ...{ state, note: detail },
      })),
    ];
    return all.flatMap(({ subject, isFine, isMoving, state, note }) => {
      if (!isFine && isMoving) return [];
      const key = `${subject} ${isFine ? 'fine' : 'trouble'}`;
      if (this.#told.has(key)) return [];
      this.#told.add(key);
      return [`${subject}: ${state}${note === '' ? '' : `, ${oneLine(note)}`}`];
    });
  }
}

/** How a boot ended: `late` when it was not healthy within the time that a boot may take. */
export type BootEnd = 'healthy' | 'late';

export interface WatchOptions {
  readonly status: () => Promise<HostStatus>;
  /** True once everything is being stopped: a boot that was cut off ended neither way. */
  readonly isStopping: () => boolean;
  readonly console: BootConsole;
  readonly clock: Pick<Clock, 'sleep'>;
  /** After it, the console says how far the boot came. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const lookMs = 200;

/**
 * Tells on the console what becomes of engines and services until the host is healthy, or the time is over. While the host stops it
 * waits for the signal, and rejects with its reason.
 */
export async function watchBoot(options: WatchOptions): Promise<BootEnd> {
  const { status, isStopping, console, clock, limitMs, signal } = options;
  const progress = new BootProgress();
  // Counted in looks: the clock may be set meanwhile.
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const now = await status();
    if (isStopping()) {
      await clock.sleep(lookMs, signal);
      continue;
    }
    for (const line of progress.lines(now)) console.say(line);
    if (now.state === 'healthy' || waitedMs >= limitMs) {
      console.end(endLine(now));
      return now.state === 'healthy' ? 'healthy' : 'late';
    }
    await clock.sleep(lookMs, signal);
  }
}

/** The boot in a line. Pure. */
export function endLine({ hostname, state, services, machine }: HostStatus): string {
  const count = `${services.length} service${services.length === 1 ? '' : 's'}`;
  if (machine?.maintenance != null) return `${hostname} waits for a config: berth apply FILE`;
  if (state === 'healthy') return `${hostname} is healthy: ${count}`;
  const open = services.filter((service) => !settledStates.has(service.state)).map(({ name }) => name);
  const problems = machine?.problems.length ?? 0;
  const what = [
    ...(open.length === 0 ? [] : [`not there yet: ${open.join(', ')}`]),
    ...(problems === 0 ? [] : [`${problems} problem${problems === 1 ? '' : 's'}`]),
  ].join('; ');
  return oneLine(`${hostname} is ${state}: ${what}: berth status`);
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > longestDetail ? `${line.slice(0, longestDetail - 1)}…` : line;
}
