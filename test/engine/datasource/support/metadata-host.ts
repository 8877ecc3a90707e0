import { createInterface } from 'node:readline';
import { systemClock } from '../../../../src/agent/system-clock.ts';
import { isBerthError } from '../../../../src/core/errors.ts';
import type { BootOutcome, DatasourceId } from '../../../../src/datasource/datasource.ts';
import { findSeed, type SeedOutcome } from '../../../../src/datasource/find-seed.ts';
import type { HostFacts } from '../../../../src/datasource/host-facts.ts';
import { HttpFetcher } from '../../../../src/datasource/http-fetcher.ts';
import { MetadataClient } from '../../../../src/datasource/metadata-client.ts';
import { objectPlatformOf } from '../../../../src/datasource/objects/object-platform.ts';
import { ObjectStores } from '../../../../src/datasource/objects/object-stores.ts';
import { SourceFetcher } from '../../../../src/datasource/objects/source-fetcher.ts';
import { reportBoot } from '../../../../src/datasource/report-boot.ts';
import type { SeedPorts } from '../../../../src/datasource/seed-ports.ts';
import { noFacts } from '../../../support/no-facts.ts';

export type HostCommand =
  | { readonly kind: 'seed'; readonly facts: Partial<HostFacts>; readonly isReady: boolean }
  /** Gets what a source of Ignition's names, with these certificates trusted. */
  | {
      readonly kind: 'get';
      readonly facts: Partial<HostFacts>;
      readonly url: string;
      readonly authorities: readonly string[];
      /** How long it is asked. */
      readonly limitMs: number;
    }
  | { readonly kind: 'report'; readonly id: DatasourceId; readonly outcome: BootOutcome };

export type HostLine =
  | { readonly kind: 'seed'; readonly outcome: SeedOutcome; readonly userData: string | null }
  | { readonly kind: 'report'; readonly trouble: string | null }
  | { readonly kind: 'got'; readonly text: string | null }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'retry'; readonly why: string };

/*
 * What a host does to learn who it is, as a program, for a network namespace of its own: a command a line on stdin, as JSON;
 * each ends with a line. Waits between tries are a fiftieth of the real ones.
 */
const print = (line: HostLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const metadata = new MetadataClient({
  clock: { sleep: async (ms, signal) => systemClock.sleep(ms / 50, signal) },
  random: Math.random,
  onRetry: (why) => print({ kind: 'retry', why }),
  answerMs: 500,
  maxBytes: 100_000,
  isUplink: async (link) => Promise.resolve(link === 'eth0'),
});
const { signal } = new AbortController();
const factsOf = ({ facts }: { readonly facts: Partial<HostFacts> }): HostFacts => ({ ...noFacts, ...facts });
const http = new HttpFetcher({
  clock: { now: () => systemClock.now(), sleep: async (ms, until) => systemClock.sleep(ms / 50, until) },
  random: Math.random,
  onRetry: ({ error }) => print({ kind: 'retry', why: error }),
});

async function get(command: Extract<HostCommand, { kind: 'get' }>): Promise<HostLine> {
  const platform = async () => Promise.resolve(objectPlatformOf(factsOf(command)));
  const fetcher = new SourceFetcher(http, new ObjectStores({ metadata, platform, clock: systemClock }));
  const until = AbortSignal.timeout(command.limitMs);
  try {
    const bytes = await fetcher.get(command.url, until, {}, { authorities: command.authorities });
    return { kind: 'got', text: bytes === undefined ? null : Buffer.from(bytes).toString() };
  } catch (error) {
    if (until.aborted) return { kind: 'failed', code: 'CANCELLED', message: 'no answer in time' };
    if (!isBerthError(error)) throw error;
    return { kind: 'failed', code: error.code, message: error.message };
  }
}

const nothing = async (): Promise<never> => Promise.reject(new Error('this host has neither disks nor files'));
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as HostCommand;
  if (command.kind === 'report') {
    const trouble = await reportBoot(command.id, command.outcome, metadata, signal);
    print({ kind: 'report', trouble: trouble ?? null });
    continue;
  }
  if (command.kind === 'get') {
    print(await get(command));
    continue;
  }
  const facts = factsOf(command);
  const ports: SeedPorts = {
    ...{
      devices: { read: nothing },
      files: { read: nothing },
      fetcher: { get: nothing },
      guest: { read: nothing },
      metadata,
    },
    // A network that never counts as ready has no address but a link-local one.
    network: async () => (command.isReady ? undefined : new Promise(() => undefined)),
  };
  const outcome = await findSeed(facts, ports, signal, 2000);
  const bytes = outcome.kind === 'found' ? outcome.result.userData : undefined;
  print({ kind: 'seed', outcome, userData: bytes === undefined ? null : Buffer.from(bytes).toString() });
}
process.exit();
