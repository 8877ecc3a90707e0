import { type ServiceStatus, settledStates } from '../services/status.ts';
import type { Say } from './boot-console.ts';

/** A boot may not fill a console of 25 lines with its services. */
const mostLines = 12;
/** Services named in a line. */
const mostNames = 4;

/** Tells on the console how far a boot's services are: a line when there are more that are ready, or others in trouble. */
export class BootProgress {
  readonly #say: Say;
  #last = '';
  #lines = 0;
  #isDone = false;

  constructor(say: Say) {
    this.#say = say;
  }

  /** All were ready once: what comes later is told by `berth status`. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** To be called whenever something may have changed. */
  note(services: readonly ServiceStatus[]): void {
    if (this.#isDone || services.length === 0) return;
    const open = services.filter(({ state }) => !settledStates.has(state));
    this.#isDone = open.length === 0;
    const key = [open.length, ...open.filter(isTroubled).map(({ name, state }) => `${name} ${state}`)].join(' ');
    if (key === this.#last || (this.#lines >= mostLines && !this.#isDone)) return;
    this.#last = key;
    this.#lines += 1;
    this.#say(progressText(services));
  }
}

/** `services: 2 of 5 ready; web starting, db backoff`. Those in trouble come first. Pure. */
export function progressText(services: readonly ServiceStatus[]): string {
  const open = services.filter(({ state }) => !settledStates.has(state));
  if (open.length === 0) return `services: all ${services.length} ready`;
  const sorted = [...open.filter(isTroubled), ...open.filter((service) => !isTroubled(service))];
  const named = sorted.slice(0, mostNames).map(({ name, state }) => `${name} ${state}`);
  const more = open.length - named.length;
  const names = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return `services: ${services.length - open.length} of ${services.length} ready; ${names}`;
}

function isTroubled({ state }: ServiceStatus): boolean {
  return state === 'backoff' || state === 'unhealthy' || state === 'failed' || state === 'exited';
}
