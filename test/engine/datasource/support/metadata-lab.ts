import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { runCommand } from '../../../../src/engine/run-command.ts';
import { networkTools } from '../../network/support/network-tools.ts';
import type { HostCommand, HostLine } from './metadata-host.ts';
import type { PlaceAnswer, PlaceCommand } from './metadata-place.ts';

const node = join(import.meta.dirname, '../../../../node_modules/.bin/node');
/** Where the services of all platforms are. */
const placeAddresses = [
  ...['169.254.169.254/16', '169.254.42.42/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.2.1/24'],
  ...['192.0.2.99/24', 'fd00:ec2::254/128', 'fd20:ce::254/128', 'fd00:42::42/128', 'fd00:c1::a9fe:a9fe/128'],
  ...['fd00:a9fe:a9fe::1/128', 'fe80::a9fe:a9fe/64', '2001:db8::1/64'],
];

/** A host and its place, in two network namespaces that a cable joins. What the place sends lives for one hop. */
export class MetadataLab {
  readonly #directory: string;
  readonly #names: { readonly host: string; readonly place: string };
  readonly #environment: NodeJS.ProcessEnv;
  #host: Program | undefined;
  #place: Program | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    const name = directory.slice(-6);
    this.#names = { host: `berth-mh-${name}`, place: `berth-mp-${name}` };
    this.#environment = { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}` };
  }

  /** @param names are names of the place's own address for the host. */
  static async create(names: readonly string[] = []): Promise<MetadataLab> {
    const lab = new MetadataLab(await mkdtemp(join(tmpdir(), 'berth-metadata-')));
    await networkTools(lab.#directory);
    const { host, place } = lab.#names;
    for (const name of [host, place]) await lab.#ip('netns', 'add', name);
    if (names.length > 0) {
      await mkdir(hostsDirectory(host), { recursive: true });
      await writeFile(join(hostsDirectory(host), 'hosts'), names.map((name) => `192.0.2.1 ${name}\n`).join(''));
    }
    await lab.#ip(
      ...['link', 'add', 'name', 'eth0', 'netns', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', place],
    );
    for (const name of [host, place]) {
      await lab.#on(name, 'link', 'set', 'lo', 'up');
      await lab.#on(name, 'link', 'set', 'eth0', 'up');
    }
    for (const address of placeAddresses) await lab.#address(place, address);
    for (const address of ['192.0.2.10/24', '2001:db8::10/64']) await lab.#address(host, address);
    await lab.#on(host, 'route', 'add', 'default', 'via', '192.0.2.1');
    await lab.#on(host, '-6', 'route', 'add', 'default', 'via', '2001:db8::1');
    await lab.#on(
      place,
      'route',
      'replace',
      '192.0.2.0/24',
      'dev',
      'eth0',
      'scope',
      'link',
      'src',
      '192.0.2.1',
      'hoplimit',
      '1',
    );
    lab.#host = lab.#start(host, 'metadata-host.ts');
    lab.#place = lab.#start(place, 'metadata-place.ts');
    return lab;
  }

  /** What the host finds out, and what it said meanwhile. */
  async host(command: HostCommand): Promise<{ readonly line: HostLine; readonly retries: readonly string[] }> {
    const retries: string[] = [];
    for await (const text of this.#ask(this.#host, command)) {
      const line = JSON.parse(text) as HostLine;
      if (line.kind !== 'retry') return { line, retries };
      retries.push(line.why);
    }
    throw new Error(`the host ended: ${this.#host?.errors ?? ''}`);
  }

  async place(command: PlaceCommand): Promise<PlaceAnswer> {
    for await (const text of this.#ask(this.#place, command)) return JSON.parse(text) as PlaceAnswer;
    throw new Error(`the place ended: ${this.#place?.errors ?? ''}`);
  }

  async remove(): Promise<void> {
    for (const program of [this.#host, this.#place]) await program?.end();
    for (const name of Object.values(this.#names)) await this.#ip('netns', 'delete', name);
    await rm(hostsDirectory(this.#names.host), { recursive: true, force: true });
    await rm(this.#directory, { recursive: true });
  }

  async *#ask(program: Program | undefined, command: HostCommand | PlaceCommand): AsyncGenerator<string> {
    if (program === undefined) throw new Error('there is no such program');
    program.tell(JSON.stringify(command));
    for (;;) {
      const line = await program.line();
      if (line === undefined) return;
      yield line;
    }
  }

  #start(namespace: string, file: string): Program {
    const args = ['netns', 'exec', namespace, node, join(import.meta.dirname, file)];
    return new Program(spawn('ip', args, { stdio: ['pipe', 'pipe', 'pipe'], env: this.#environment }));
  }

  async #address(name: string, address: string): Promise<void> {
    const extra = address.includes(':') ? ['nodad'] : [];
    await this.#on(name, 'address', 'add', address, 'dev', 'eth0', ...extra);
  }

  async #on(name: string, ...args: string[]): Promise<void> {
    await this.#ip('-n', name, ...args);
  }

  #ip(...args: string[]): Promise<string> {
    return runCommand('ip', args, { env: this.#environment });
  }
}

/** `ip netns exec` lays what is there over /etc (ip-netns(8)). */
function hostsDirectory(namespace: string): string {
  return join('/etc/netns', namespace);
}

/** A program that answers line by line. */
class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  errors = '';

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child;
    child.stderr.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Undefined when it ended. */
  async line(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done === true ? undefined : next.value;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    await closed;
  }
}
