import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { dhcpcdHook } from './dhcpcd-hook.ts';
import { type Lease, parseLease } from './lease.ts';
import type { RunProgram } from './run-program.ts';

export interface DhcpClientPaths {
  /** Settings, hook and answers: below /run, so that they end with the boot. */
  readonly directory: string;
  /** dhcpcd's control socket, compiled into it. */
  readonly controlSocket: string;
}

/** Stands for no device at all: with this name dhcpcd reads its settings again and touches nothing. */
const noDevice = 'berth-none';

export const dhcpcdControlSocket = '/run/dhcpcd/sock';

/**
 * dhcpcd, one process for all devices. It is a daemon of its own and survives the agent: an open connection to its control
 * socket tells whether it lives. Its hook writes every answer below `leasesDirectory`.
 */
export class DhcpClient {
  readonly #run: RunProgram;
  readonly #paths: DhcpClientPaths;
  readonly #onGone: () => void;
  #connection: Socket | undefined;

  /** @param onGone is called when dhcpcd ends, whoever ended it. */
  constructor(run: RunProgram, paths: DhcpClientPaths, onGone: () => void) {
    this.#run = run;
    this.#paths = paths;
    this.#onGone = onGone;
  }

  get leasesDirectory(): string {
    return join(this.#paths.directory, 'leases');
  }

  get #config(): string {
    return join(this.#paths.directory, 'dhcpcd.conf');
  }

  /** The settings that the running client has taken; written after it took them. */
  get #applied(): string {
    return join(this.#paths.directory, 'dhcpcd.applied');
  }

  /** Makes the directories. Safe to call twice. */
  async prepare(): Promise<void> {
    await mkdir(this.leasesDirectory, { recursive: true, mode: 0o700 });
  }

  /** The settings that dhcpcd runs with; undefined when it does not run. */
  async runningConfig(): Promise<string | undefined> {
    if (!(await this.#isAlive())) return undefined;
    return readFile(this.#applied, 'utf8').catch(() => '');
  }

  /** The answers in force. */
  async leases(): Promise<Lease[]> {
    const names = await readdir(this.leasesDirectory).catch(() => []);
    const answers = names
      .filter((name) => !name.startsWith('.'))
      .map((name) => readFile(join(this.leasesDirectory, name), 'latin1').catch(() => ''));
    return (await Promise.all(answers)).map(parseLease).filter((lease) => lease !== undefined);
  }

  async start(config: string, signal: AbortSignal): Promise<void> {
    await this.prepare();
    const hook = join(this.#paths.directory, 'dhcpcd-hook');
    // What a client that died left behind is not in force any more.
    for (const name of await readdir(this.leasesDirectory)) await rm(join(this.leasesDirectory, name), { force: true });
    await replaceFile(hook, dhcpcdHook, 0o700);
    await replaceFile(this.#config, config, 0o600);
    await this.#run('dhcpcd', ['--background', '--quiet', '--config', this.#config, '--script', hook], { signal });
    await replaceFile(this.#applied, config, 0o600);
  }

  /**
   * Gives the running client other settings. Only the devices that are named are touched: without names dhcpcd would take
   * every device's address away and ask for it again.
   */
  async reload(
    change: { readonly config: string; readonly release: readonly string[]; readonly rebind: readonly string[] },
    signal: AbortSignal,
  ): Promise<void> {
    const { config, release, rebind } = change;
    await replaceFile(this.#config, config, 0o600);
    await this.#release(release, signal);
    await this.askAgain(rebind.length > 0 ? rebind : [noDevice], signal);
    await replaceFile(this.#applied, config, 0o600);
  }

  /** Has the running client begin anew on these devices. */
  async askAgain(links: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#run('dhcpcd', ['--quiet', '--config', this.#config, '--rebind', ...links], { signal });
  }

  async stop(release: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#release(release, signal);
    await this.#run('dhcpcd', ['--quiet', '--config', this.#config, '--exit'], { signal });
    await rm(this.#applied, { force: true });
  }

  /** Lets go of the connection; dhcpcd goes on. */
  close(): void {
    this.#connection?.removeAllListeners('close');
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async #release(links: readonly string[], signal: AbortSignal): Promise<void> {
    for (const link of links) {
      // A device that is gone has nothing to release, and dhcpcd says so by failing.
      await this.#run('dhcpcd', ['--quiet', '--config', this.#config, '--release', link], { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }

  async #isAlive(): Promise<boolean> {
    if (this.#connection !== undefined) return true;
    const socket = connect(this.#paths.controlSocket);
    const isConnected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (!isConnected) return false;
    this.#connection = socket;
    socket.unref();
    // Reading is what makes the end noticed.
    socket.on('error', () => undefined).resume();
    socket.once('close', () => {
      this.#connection = undefined;
      this.#onGone();
    });
    return true;
  }
}

/** A reader sees the old content or the new one. What is below /run need not survive a power cut. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}
