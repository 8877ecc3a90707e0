import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { BerthError } from '../../src/core/errors.ts';

interface QmpAnswer {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to QEMU's monitor: QEMU Machine Protocol, one JSON object a line. */
export class QmpClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #end: BerthError | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => this.#take(JSON.parse(line) as QmpAnswer));
    lines.on('error', () => undefined);
    socket.on('error', () => this.#lose());
    socket.on('close', () => this.#lose());
  }

  /** Throws NOT_FOUND when no VM is behind the socket, or it ends just now. */
  static async connect(path: string): Promise<QmpClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (cause) =>
        reject(new BerthError('NOT_FOUND', `no running VM is behind ${path}`, { cause })),
      );
    });
    const client = new QmpClient(socket);
    await client.execute('qmp_capabilities').catch((cause: unknown) => {
      throw new BerthError('NOT_FOUND', `the VM behind ${path} ends`, { cause });
    });
    return client;
  }

  /** Runs a command of the protocol. Throws UNSUPPORTED when QEMU refuses it, CANCELLED when QEMU ends. */
  async execute(command: string, commandArguments: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: commandArguments, id })}\n`);
    return answer;
  }

  /** Presses the power button. */
  async pressPowerButton(): Promise<void> {
    await this.execute('system_powerdown');
  }

  /** Resets the machine, as its reset button does. */
  async reset(): Promise<void> {
    await this.execute('system_reset');
  }

  /** Ends QEMU at once: for the guest, the power is gone. The answer may be lost with it. */
  async quit(): Promise<void> {
    await this.execute('quit').catch((error: unknown) => {
      if (this.#end === undefined) throw error;
    });
  }

  /** Stores what the screen shows, as PNG. */
  async takeScreenshot(file: string): Promise<void> {
    await this.execute('screendump', { filename: file, format: 'png' });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(answer: QmpAnswer): void {
    const pending = answer.id === undefined ? undefined : this.#pending.get(answer.id);
    if (answer.id === undefined || pending === undefined) return;
    this.#pending.delete(answer.id);
    if (answer.error === undefined) pending.resolve(answer.return);
    else pending.reject(new BerthError('UNSUPPORTED', `QEMU refuses: ${answer.error.desc}`));
  }

  #lose(): void {
    this.#end ??= new BerthError('CANCELLED', 'QEMU ended');
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }
}
