import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { Turns } from '../core/turns.ts';
import { SocketActivation } from '../engine/socket-activation.ts';

export interface UserEngineDemandOptions {
  /** Says, until the next boot, that the engine was asked for. */
  readonly flagFile: string;
  /** Where people and programs look for the engine. */
  readonly sockets: readonly string[];
  /** The engine's socket for Berth itself. */
  readonly target: string;
  readonly groupId: number;
  /** What goes wrong with the sockets, for the log. */
  readonly onProblem: (error: unknown) => void;
}

/** The user engine on demand: on a host that declares nothing for it, it starts when its socket is used first. */
export class UserEngineDemand {
  readonly #options: UserEngineDemandOptions;
  readonly #activation: SocketActivation;
  #isDemanded: boolean;
  #isWanted = true;
  #isUp = false;
  #listener: (socket: string) => boolean = () => false;
  readonly #work = new Turns();

  constructor(options: UserEngineDemandOptions) {
    this.#options = options;
    this.#isDemanded = existsSync(options.flagFile);
    this.#activation = new SocketActivation({ ...options, onUse: (socket) => this.#note(socket) });
  }

  /** True once somebody used a socket, until the next boot. */
  get isDemanded(): boolean {
    return this.#isDemanded;
  }

  /** Called with the socket when it is used; returns false when the engine must not run. */
  onDemand(listener: (socket: string) => boolean): void {
    this.#listener = listener;
  }

  /** The engine is among the services that are to run, or no longer. */
  noteDeclared(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#settle();
  }

  /** The engine answers, or no longer. */
  noteConnection(isUp: boolean): void {
    this.#isUp = isUp;
    this.#settle();
  }

  /** Sends who waits away. */
  async end(): Promise<void> {
    await this.#work.over();
    await this.#activation.end();
  }

  /** Nobody asked for it any more. */
  async forget(): Promise<void> {
    this.#isDemanded = false;
    await rm(this.#options.flagFile, { force: true });
  }

  #note(socket: string): boolean {
    if (this.#isWanted) return true;
    this.#isDemanded = true;
    this.#isDemanded = this.#listener(socket);
    if (this.#isDemanded) this.#do(() => writeFile(this.#options.flagFile, ''));
    return this.#isDemanded;
  }

  /** A socket of an engine that runs, or is about to, is not to be replaced. */
  #settle(): void {
    this.#do(async () => {
      if (this.#isUp) this.#activation.withdraw();
      else if (!this.#isWanted) await this.#activation.offer();
    });
  }

  #do(work: () => Promise<unknown>): void {
    this.#work.take(work).catch(this.#options.onProblem);
  }
}
