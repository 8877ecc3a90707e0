import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { BootOutcome, DatasourceId } from '../datasource/datasource.ts';
import { reportBoot } from '../datasource/report-boot.ts';
import type { MetadataServices } from '../datasource/seed-ports.ts';
import type { Agent } from './agent.ts';
import type { BootConsole } from './boot-console.ts';
import { type BootEnd, endLine, watchBoot } from './boot-progress.ts';
import { type BootReport, bootReport, type ReportIdentity } from './boot-report.ts';
import type { OwnHost } from './host-boot.ts';
import { ReportSender } from './report-sender.ts';

export interface BootNewsOptions {
  readonly agent: Agent;
  readonly host: Pick<OwnHost, 'network'>;
  readonly console: BootConsole;
  readonly clock: Clock;
  readonly random: () => number;
  readonly runDirectory: string;
  readonly metadata: MetadataServices;
  readonly signal: AbortSignal;
}

/** After it, a boot that is not healthy says how far it came. */
const bootLimitMs = 300_000;

/** Tells of a boot: on the console, and to `berth.report.url` when the config has one. Once for each boot of the machine. */
export class BootNews {
  readonly #options: BootNewsOptions;
  readonly #sender: ReportSender;
  readonly #identity: ReportIdentity;
  /** There once this boot was told of: another start of the agent has nothing to tell. */
  readonly #endFile: string;
  #origin: string | null = null;
  #datasource: DatasourceId | undefined;
  #refused: readonly Diagnostic[] = [];
  #url: string | undefined;

  private constructor(options: BootNewsOptions, identity: ReportIdentity) {
    const { host, console, clock, random, runDirectory, signal } = options;
    this.#options = options;
    this.#identity = identity;
    this.#endFile = join(runDirectory, 'boot-ended');
    this.#sender = new ReportSender({
      ...{ clock, random, signal },
      whenOnline: async (end) => {
        await host.network.whenReady(end);
      },
      onGiveUp: (why) => console.say(`berth.report.url: ${why}`),
    });
  }

  static async open(options: BootNewsOptions): Promise<BootNews> {
    const read = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
    const [machineId, bootId] = await Promise.all([read('/etc/machine-id'), read('/proc/sys/kernel/random/boot_id')]);
    return new BootNews(options, { machineId, bootId });
  }

  /** The datasource that this host has, and where it gave a config. */
  from(datasource: DatasourceId, origin: string | null = null): void {
    this.#origin = origin;
    this.#datasource = datasource;
  }

  /** The config cannot be taken; `url` is where its writer wants to hear of it, if that could be read. */
  refused(diagnostics: readonly Diagnostic[], url: string | undefined): void {
    this.#refused = diagnostics;
    this.#url = url;
  }

  /** Sends what is wrong with the config, if anything is. */
  tellConfig(): void {
    if (!existsSync(this.#endFile) && this.#diagnostics.length > 0) void this.#send('config');
  }

  /** Follows the boot until the host is healthy, or for five minutes; then the console and the server hear the result. */
  async tellEnd(): Promise<void> {
    const { agent, console, clock, signal } = this.#options;
    if (existsSync(this.#endFile)) {
      console.end('the agent is back');
      return;
    }
    const end = await watchBoot({
      ...{ status: async () => agent.status(), isStopping: () => agent.isStopping },
      ...{ console, clock, limitMs: bootLimitMs, signal },
    });
    await writeFile(this.#endFile, '');
    await this.#send('end');
    await this.#tellPlatform(end);
  }

  /** Some clouds take a machine for one that is still being made until it says otherwise. */
  async #tellPlatform(end: BootEnd): Promise<void> {
    const { agent, console, metadata, signal } = this.#options;
    if (this.#datasource === undefined) return;
    const outcome: BootOutcome =
      end === 'healthy' ? { kind: 'ready' } : { kind: 'failed', why: agent.redact(endLine(await agent.status())) };
    const trouble = await reportBoot(this.#datasource, outcome, metadata, signal);
    if (trouble !== undefined) console.say(`the platform could not be told of this boot: ${trouble}`);
  }

  get #diagnostics(): readonly Diagnostic[] {
    return [...this.#refused, ...this.#options.agent.configProblems];
  }

  async #send(phase: BootReport['phase']): Promise<void> {
    const { agent, clock } = this.#options;
    const url = this.#url ?? agent.config.report.url;
    if (url === undefined) return;
    const status = await agent.status();
    const redact = (text: string): string => agent.redact(text);
    const facts = { ...this.#identity, phase, now: clock.now(), origin: this.#origin, status, redact };
    this.#sender.send(url, bootReport({ ...facts, diagnostics: this.#diagnostics }));
  }
}
