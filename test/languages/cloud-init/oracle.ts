import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cloudInitRoot } from '../support/cloud-init-package.ts';

export interface Verdict {
  readonly valid: boolean;
  readonly message: string;
}

export type DocumentKind = 'cloud-config' | 'network-config';

const modules = 'usr/lib/python3/dist-packages/cloudinit';

/** `cloud-init schema` of Debian's newest cloud-init, kept running: a question takes a few milliseconds. */
export class CloudInitOracle {
  readonly root: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(root: string, child: ChildProcess, answers: AsyncIterator<string>) {
    this.root = root;
    this.#child = child;
    this.#answers = answers;
  }

  /** Unpacks Debian's packages where they are not yet, and starts the program. Root. */
  static async start(): Promise<CloudInitOracle> {
    const root = await cloudInitRoot();
    await copyFile(join(import.meta.dirname, 'oracle.py'), join(root, 'tmp/oracle.py'));
    const child = spawn('chroot', [root, '/usr/bin/python3', '/tmp/oracle.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new CloudInitOracle(root, child, answers);
  }

  async judge(text: string | Uint8Array, kind: DocumentKind = 'cloud-config'): Promise<Verdict> {
    const data = Buffer.from(text).toString('base64');
    this.#child.stdin?.write(`${JSON.stringify({ data, kind: kind === 'cloud-config' ? null : kind })}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('the oracle has ended');
    return JSON.parse(answer.value) as Verdict;
  }

  /** `26.2` */
  async version(): Promise<string> {
    const text = await readFile(join(this.root, modules, 'meson_versions.py'), 'utf8');
    return /UPSTREAM_VERSION = "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
  }

  /** Its own rules as JSON Schema, to make documents from. */
  async schema(name: 'cloud-config-v1' | 'network-config-v1' | 'network-config-v2'): Promise<JsonSchema> {
    const file = join(this.root, modules, 'config/schemas', `schema-${name}.json`);
    return JSON.parse(await readFile(file, 'utf8')) as JsonSchema;
  }

  /** The examples of its documentation. */
  async examples(): Promise<{ readonly file: string; readonly text: string }[]> {
    const folder = join(this.root, 'usr/share/doc/cloud-init/examples');
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return Promise.all(files.sort().map(async (file) => ({ file, text: await readFile(join(folder, file), 'utf8') })));
  }

  stop(): void {
    this.#child.stdin?.end();
  }
}

export type JsonSchema = Readonly<Record<string, unknown>>;
