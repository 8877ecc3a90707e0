import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { runCommand } from '../../../../src/engine/run-command.ts';
import { type DeclaredNetwork, noDns } from '../../../../src/host/network/network-controller.ts';
import type { NetworkStatus } from '../../../../src/host/network/network-status.ts';
import type { HostLine } from './network-host.ts';
import { networkTools } from './network-tools.ts';

type Program = ChildProcessByStdio<Writable, Readable, Readable>;

const program = join(import.meta.dirname, 'network-host.ts');
const node = join(import.meta.dirname, '../../../../node_modules/.bin/node');

/**
 * Two network namespaces joined by cables: a host without anything, and a server. The host has a /run and a /var/lib of
 * its own, so that its DHCP client is the only one there.
 */
export class NetworkLab {
  readonly #directory: string;
  readonly #names: { readonly host: string; readonly server: string };
  readonly #environment: NodeJS.ProcessEnv;
  #holder: Program | undefined;
  readonly #servers = new Set<Program>();
  readonly #hosts = new Set<LabHost>();

  private constructor(directory: string) {
    this.#directory = directory;
    const name = directory.slice(-6);
    this.#names = { host: `berth-h-${name}`, server: `berth-s-${name}` };
    this.#environment = { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}` };
  }

  static async create(): Promise<NetworkLab> {
    const lab = new NetworkLab(await mkdtemp(join(tmpdir(), 'berth-network-')));
    await networkTools(lab.#directory);
    for (const name of Object.values(lab.#names)) await lab.#ip('netns', 'add', name);
    await lab.onServer('ip', 'link', 'set', 'lo', 'up');
    lab.#holder = lab.#spawn('ip', [
      'netns',
      'exec',
      lab.#names.host,
      'sh',
      '-c',
      'mount -t tmpfs none /run && mount -t tmpfs none /var/lib && echo && exec cat',
    ]);
    await new Promise((resolve) => lab.#holder?.stdout.once('data', resolve));
    await lab.onHost('ip', 'link', 'set', 'lo', 'up');
    return lab;
  }

  /** A cable: one end on the host, down and without an address, the other on the server, up. */
  async cable(
    hostEnd: string,
    serverEnd: string,
    options: { mac?: string; addresses?: readonly string[] } = {},
  ): Promise<void> {
    const { mac, addresses = [] } = options;
    const { host, server } = this.#names;
    const address = mac === undefined ? [] : ['address', mac];
    await this.#ip(
      'link',
      'add',
      'name',
      hostEnd,
      'netns',
      host,
      ...address,
      'type',
      'veth',
      'peer',
      'name',
      serverEnd,
      'netns',
      server,
    );
    for (const entry of addresses)
      await this.onServer('ip', 'address', 'add', entry, 'dev', serverEnd, ...(entry.includes(':') ? ['nodad'] : []));
    await this.onServer('ip', 'link', 'set', serverEnd, 'up');
  }

  /** Starts a DHCP server (dnsmasq) on the server's end of a cable. @returns how to stop it. */
  async serveDhcp(serverEnd: string, ...options: string[]): Promise<() => Promise<void>> {
    const child = this.#spawn('ip', [
      ...[
        'netns',
        'exec',
        this.#names.server,
        'dnsmasq',
        '--no-daemon',
        '--conf-file=/dev/null',
        '--user=root',
        '--port=0',
        '--no-ping',
      ],
      ...[
        '--bind-interfaces',
        `--interface=${serverEnd}`,
        `--dhcp-leasefile=${join(this.#directory, `${serverEnd}.leases`)}`,
        ...options,
      ],
    ]);
    this.#servers.add(child);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('DHCP, IP range') || said.includes('router advertisement')) resolve();
      });
      child.once('close', () => reject(new Error(`dnsmasq ended: ${said}`)));
    });
    return () => end(child);
  }

  onHost(command: string, ...args: string[]): Promise<string> {
    return runCommand('nsenter', [...this.#enter(), command, ...args], { env: this.#environment });
  }

  onServer(command: string, ...args: string[]): Promise<string> {
    return runCommand('ip', ['netns', 'exec', this.#names.server, command, ...args], { env: this.#environment });
  }

  /** Starts Berth's network controller on the host. */
  startHost(network: DeclaredNetwork['network'], dns: DeclaredNetwork['dns'] = noDns): LabHost {
    const child = this.#spawn('nsenter', [...this.#enter(), node, program]);
    const host = new LabHost(child);
    this.#hosts.add(host);
    host.declare({ network, dns });
    return host;
  }

  async remove(): Promise<void> {
    for (const host of this.#hosts) await host.stop();
    for (const server of this.#servers) await end(server);
    for (const pid of (await this.#ip('netns', 'pids', this.#names.host)).split(/\s+/).filter(Boolean))
      process.kill(Number(pid), 'SIGKILL');
    if (this.#holder !== undefined) await end(this.#holder);
    for (const name of Object.values(this.#names)) await this.#ip('netns', 'delete', name);
    await rm(this.#directory, { recursive: true });
  }

  #enter(): string[] {
    return ['--target', String(this.#holder?.pid), '--mount', '--net', '--'];
  }

  #ip(...args: string[]): Promise<string> {
    return runCommand('ip', args, { env: this.#environment });
  }

  #spawn(command: string, args: readonly string[]): Program {
    return spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: this.#environment });
  }
}

/** The controller at work on the lab's host. */
export class LabHost {
  readonly #child: Program;
  readonly lines: HostLine[] = [];
  #errors = '';
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(child: Program) {
    this.#child = child;
    child.stderr.on('data', (text: Buffer) => {
      this.#errors += text.toString();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as HostLine);
      this.#changed.resolve();
    });
    child.once('close', () => this.#changed.resolve());
  }

  declare(declared: DeclaredNetwork): void {
    this.#child.stdin.write(`${JSON.stringify(declared)}\n`);
  }

  get status(): NetworkStatus | undefined {
    return this.lines.findLast((line) => line.kind === 'status')?.status;
  }

  /** Ids of the steps that were carried out, in order. */
  get steps(): string[] {
    return this.lines.flatMap((line) => (line.kind === 'step' && line.error === undefined ? [line.step] : []));
  }

  /** Waits until the newest status is as wanted. Throws with what it was instead after half a minute. */
  async until(wanted: (status: NetworkStatus) => boolean): Promise<NetworkStatus> {
    const late = AbortSignal.timeout(30_000);
    const isLate = new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true }));
    for (;;) {
      const { status } = this;
      if (status !== undefined && wanted(status)) return status;
      if (late.aborted || this.#child.exitCode !== null)
        throw new Error(
          `not as wanted: ${JSON.stringify(status, null, 1)}\n${JSON.stringify(this.lines)}\n${this.#errors}`,
        );
      this.#changed = Promise.withResolvers();
      await Promise.race([this.#changed.promise, isLate]);
    }
  }

  ready(): Promise<NetworkStatus> {
    return this.until(({ condition }) => condition.ready);
  }

  /** Ends the controller as a restart of the agent would; the network stays. */
  async stop(): Promise<void> {
    await end(this.#child);
  }

  /** Kills the controller. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await closed;
  }
}

async function end(child: Program): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}
