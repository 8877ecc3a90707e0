import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../../image/command.ts';
import { unpackPackages } from '../../../src/engine/binaries.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';
import { type BuiltImage, sha256 } from '../../engine/support/test-image.ts';
import type { Authority } from './authority.ts';

export interface RegistryOptions {
  /** For its data and log. */
  readonly directory: string;
  /** Of this machine's loopback. */
  readonly port: number;
  readonly authority: Authority;
  /** When set, only this user gets in. */
  readonly login?: { readonly username: string; readonly password: string };
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

const imageManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const startLimitMs = 60_000;

/** Debian's docker-registry (the CNCF's distribution) as a process of the test's, by TLS. Nothing is installed. */
export class Registry {
  readonly port: number;
  readonly #options: RegistryOptions;
  readonly #process: ChildProcess;
  readonly #log: string;
  readonly #ca: string;

  private constructor(options: RegistryOptions, process: ChildProcess, log: string, ca: string) {
    this.port = options.port;
    this.#options = options;
    this.#process = process;
    this.#log = log;
    this.#ca = ca;
  }

  static async start(options: RegistryOptions): Promise<Registry> {
    const { directory, port, authority, login } = options;
    await mkdir(directory, { recursive: true });
    const program = await cachedDirectory('docker-registry', 'docker-registry', (work) =>
      unpackPackages(['docker-registry'], work),
    );
    const log = join(directory, 'log');
    const settings = {
      version: 0.1,
      log: { accesslog: { disabled: false }, level: 'warn' },
      storage: { filesystem: { rootdirectory: join(directory, 'data') } },
      http: {
        addr: `127.0.0.1:${port}`,
        secret: 'test',
        tls: { certificate: authority.serverCertificate, key: authority.serverKey },
      },
      ...(login === undefined
        ? {}
        : { auth: { htpasswd: { realm: 'test', path: await passwordFile(directory, login) } } }),
    };
    // JSON is YAML.
    const file = join(directory, 'config.yml');
    await writeFile(file, JSON.stringify(settings));
    const output = await open(log, 'a');
    const process = spawn(join(program, 'usr/bin/docker-registry'), ['serve', file], {
      stdio: ['ignore', output.fd, output.fd],
    });
    await output.close();
    const registry = new Registry(options, process, log, await readFile(authority.certificate, 'utf8'));
    await registry.#answering();
    return registry;
  }

  /** Stores an image as `name:tag`. Docker Registry HTTP API V2. */
  async push(name: string, tag: string, image: BuiltImage): Promise<void> {
    const manifest = {
      schemaVersion: 2,
      mediaType: imageManifest,
      config: await this.#blob(name, 'application/vnd.docker.container.image.v1+json', image.config),
      layers: [await this.#blob(name, 'application/vnd.docker.image.rootfs.diff.tar.gzip', image.compressedLayer)],
    };
    const body = Buffer.from(JSON.stringify(manifest));
    expectStatus(201, await this.#ask('PUT', `/v2/${name}/manifests/${tag}`, body, imageManifest));
  }

  /** What it answered so far: `200 GET /v2/…`. */
  async answers(): Promise<string[]> {
    // NCSA's combined format: …"GET /v2/ HTTP/1.1" 401 87 "" "agent".
    const lines = (await readFile(this.#log, 'utf8')).matchAll(/"([A-Z]+ \/\S*) HTTP\/[\d.]+" (\d{3}) /g);
    return [...lines].map(([, what = '', status = '']) => `${status} ${what}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #answering(): Promise<void> {
    const deadline = performance.now() + startLimitMs;
    while ((await this.#ask('GET', '/v2/').catch(() => undefined))?.status !== 200) {
      if (this.#process.exitCode !== null || performance.now() > deadline)
        throw new Error(`the registry does not start: ${await readFile(this.#log, 'utf8')}`);
      await sleep(100);
    }
  }

  async #blob(name: string, mediaType: string, content: Buffer): Promise<Record<string, unknown>> {
    const digest = sha256(content);
    const begun = await this.#ask('POST', `/v2/${name}/blobs/uploads/`);
    expectStatus(202, begun);
    const { pathname, searchParams } = new URL(begun.location ?? '', `https://127.0.0.1:${this.port}`);
    searchParams.set('digest', digest);
    const path = `${pathname}?${searchParams.toString()}`;
    expectStatus(201, await this.#ask('PUT', path, content, 'application/octet-stream'));
    return { mediaType, size: content.length, digest };
  }

  #ask(method: string, path: string, body?: Buffer, type = 'application/json'): Promise<Answer> {
    const { login } = this.#options;
    const headers = { 'Content-Type': type, 'Content-Length': body?.length ?? 0 };
    const auth = login === undefined ? {} : { auth: `${login.username}:${login.password}` };
    const options = { host: '127.0.0.1', port: this.port, method, path, headers, ca: this.#ca, agent: false, ...auth };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        response.resume();
        response.once('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }));
      });
      asked.once('error', reject);
      asked.end(body);
    });
  }
}

function expectStatus(wanted: number, { status }: Answer): void {
  if (status !== wanted) throw new Error(`the registry answers ${status}, not ${wanted}`);
}

/** The registry takes bcrypt hashes only, and of what is on every Debian, perl's crypt makes them. */
async function passwordFile(directory: string, login: NonNullable<RegistryOptions['login']>): Promise<string> {
  const { username, password } = login;
  const script = 'print crypt($ENV{PASSWORD}, q($2y$05$) . "abcdefghijklmnopqrstuu")';
  const { stdout } = await runCommand('perl', ['-e', script], { environment: { PASSWORD: password } });
  const file = join(directory, 'htpasswd');
  await writeFile(file, `${username}:${stdout}\n`, { mode: 0o600 });
  return file;
}
