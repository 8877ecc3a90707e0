import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ShellResult {
  readonly exitCode: number;
  /** stdout and stderr, lines ended by line feeds. */
  readonly output: string;
}

/** A root shell behind a serial port: {@link writeDebugInitrd}. One command at a time. */
export class SerialShell {
  readonly #socket: Socket;
  #text = '';
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => (this.#text += chunk.toString().replaceAll('\r', '')));
    socket.on('error', () => undefined);
  }

  /** Waits until the shell answers. */
  static async open(path: string, timeoutMs: number): Promise<SerialShell> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const shell = new SerialShell(socket);
    const deadline = performance.now() + timeoutMs;
    // What is typed before the shell is there is lost: ask again until it answers.
    while (!shell.#text.includes('\n<ready>')) {
      if (performance.now() > deadline) throw new Error(`no shell on the second serial port; it says: ${shell.#text}`);
      socket.write(`stty -echo; PS1=; PS2=; printf '\\n<%s>' ready\n`);
      await sleep(500);
    }
    // Answers to the questions before may still come.
    await shell.run('true', timeoutMs);
    return shell;
  }

  /** Runs a command line of bash. Rejects when it takes longer than the limit. */
  async run(command: string, timeoutMs = 120_000): Promise<ShellResult> {
    const id = `${++this.#count}-${Date.now()}`;
    // What is typed does not look like what is answered, whether or not it is echoed.
    this.#socket.write(
      `printf '\\n<begin %s>\\n' ${id}; { ${command}\n} < /dev/null 2>&1; printf '\\n<end %s %d>\\n' ${id} $?\n`,
    );
    const pattern = new RegExp(`\\n<begin ${id}>\\n([\\s\\S]*?)\\n<end ${id} (\\d+)>\\n`);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) {
        this.#text = '';
        return { output: found[1] ?? '', exitCode: Number(found[2]) };
      }
      if (performance.now() > deadline) throw new Error(`no end of "${command}" so far: ${this.#text.slice(-2000)}`);
      await sleep(50);
    }
  }

  /** As {@link run}, for a command that must succeed. @returns its output without the end's white space. */
  async output(command: string, timeoutMs?: number): Promise<string> {
    const { exitCode, output } = await this.run(command, timeoutMs);
    if (exitCode !== 0) throw new Error(`"${command}" ended with ${exitCode}: ${output}`);
    return output.trimEnd();
  }

  /** {@link output} of several commands, by their names. */
  async outputs(commands: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [name, command] of Object.entries(commands)) found[name] = await this.output(command);
    return found;
  }

  close(): void {
    this.#socket.destroy();
  }
}
