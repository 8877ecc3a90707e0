import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { parseNetworkDocument } from '../config/network/network-document.ts';
import type { Clock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { isBerthError, messageOf } from '../core/errors.ts';
import type { DatasourceResult } from '../datasource/datasource.ts';
import { findSeed, type SeedOutcome } from '../datasource/find-seed.ts';
import { readHostFacts } from '../datasource/host-facts-reader.ts';
import { HostSeedFiles } from '../datasource/host-seed-files.ts';
import { HttpFetcher } from '../datasource/http-fetcher.ts';
import { type KnownInstance, occasionOf } from '../datasource/instance.ts';
import { MountedSeedDevices } from '../datasource/mounted-seed-devices.ts';
import type { NetworkText } from '../datasource/seed-documents.ts';
import { settledFacts } from '../datasource/settled-facts.ts';
import { runCommand } from '../engine/run-command.ts';
import { clockFloor } from '../host/network/good-time.ts';
import type { Agent } from './agent.ts';
import type { ConfigText } from './agent-service.ts';
import type { Say } from './boot-console.ts';
import { isMissing, writeDurably } from './durable-file.ts';
import type { OwnHost } from './host-boot.ts';
import { imageDirectories } from './image-directories.ts';
import { placeTexts, userTexts } from './seed-texts.ts';

export interface BootOptions {
  readonly agent: Agent;
  readonly host: OwnHost;
  /** Remembers the config that was applied last, across boots. */
  readonly knownFile: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** The seed that was taken last. */
interface KnownSeed extends KnownInstance {
  /** What the place gave the machine beside the user's own config. */
  readonly place: readonly ConfigText[];
}

/** A diagnostic more than this is for `berth status`, not for a console of 25 lines. */
const shownDiagnostics = 5;

/**
 * Brings a host from power-on to its config: looks for the config, takes up what was declared last when that has to wait for
 * the network or has not changed, and applies what is new. Resolves when the config was found and taken; whatever is wrong
 * with it, the host stays up with the last good one, or with none.
 */
export async function bootHost(options: BootOptions): Promise<void> {
  const { agent, host, say, signal } = options;
  const run = (command: string, args: readonly string[]): Promise<string> => runCommand(command, args, { signal });
  const online = Promise.withResolvers<'needs the network'>();
  await keepTime(options, run);
  // Until it is asked again, which may need the network.
  agent.stand((await readKnown(options.knownFile))?.place ?? []);
  const facts = await settledFacts(
    {
      read: async () => readHostFacts(run, signal),
      hasDrivers: async () => Promise.resolve(existsSync(imageDirectories.driversReady)),
      clock: options.clock,
    },
    signal,
  );
  const ports = {
    devices: new MountedSeedDevices(run),
    files: new HostSeedFiles(),
    fetcher: new HttpFetcher({
      clock: options.clock,
      random: options.random,
      onRetry: ({ url, error }) => say(`config: ${url}: ${error}; trying again`),
    }),
    network: async (network: NetworkText | undefined): Promise<void> => {
      takeNetwork(network, options);
      online.resolve('needs the network');
      host.startNetwork();
      await host.network.whenReady(signal);
    },
  };
  const seeking = findSeed(facts, ports, signal);
  const first = await Promise.race([seeking, online.promise]);
  if (first === 'needs the network') {
    say('config: waiting for the network');
    await agent.resume();
    await take(await seeking, options);
    host.machine.booted();
    return;
  }
  const isTaken = await take(first, options);
  host.startNetwork();
  if (!isTaken) await agent.resume();
  host.machine.booted();
}

/** A clock that starts before this host was last seen would find no certificate valid; sysinit knows only the image's time. */
async function keepTime(
  { clock, knownFile, say }: BootOptions,
  run: (command: string, args: readonly string[]) => Promise<string>,
): Promise<void> {
  const builtMs = Number(await readFile(imageDirectories.marker, 'utf8')) * 1000;
  const lastMs = await stat(knownFile).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const floor = clockFloor(clock.now(), builtMs, lastMs);
  if (floor === undefined) return;
  await run('date', ['-s', `@${Math.floor(floor / 1000)}`]);
  say('clock: it was behind, and stands where this host was last seen');
}

/** @returns whether a config was applied; else what was declared before holds. */
async function take(outcome: SeedOutcome, options: BootOptions): Promise<boolean> {
  const { host, say } = options;
  switch (outcome.kind) {
    case 'none':
      say(`config: ${outcome.why}`);
      say('config: give one: NoCloud disk "cidata", fw_cfg, SMBIOS, kernel command line; or: berth apply FILE');
      return false;
    case 'failed':
      host.machine.addProblems(outcome.diagnostics.map(({ file, message }) => `${file}: ${message}`));
      sayDiagnostics(outcome.diagnostics, say);
      return false;
    case 'found':
      return takeSeed(outcome.result, options);
  }
}

async function takeSeed(result: DatasourceResult, options: BootOptions): Promise<boolean> {
  const { agent, host, knownFile, say, signal } = options;
  const { instanceId, digest, origin, id } = result;
  takeNetwork(result.networkConfig, options);
  host.machine.foundConfig({ datasource: id, place: origin });
  const place = placeTexts(result);
  agent.stand(place);
  await host.firstApply.begin(instanceId);
  const occasion = occasionOf(await readKnown(knownFile), result);
  if (occasion.kind === 'every-boot' && !occasion.configChanged) {
    say(`config: ${origin}, as before`);
    return false;
  }
  say(`config: ${origin}${occasion.kind === 'first-boot' ? ', first boot' : ', changed'}`);
  const files = userTexts(result);
  const isEmpty = files.length === 0 && place.length === 0;
  try {
    if (!isEmpty) {
      const options = { who: 'boot', command: `datasource ${id}`, timeoutMs: 0, wait: false };
      await agent.apply({ files }, options, () => undefined, signal);
    }
    await writeDurably(knownFile, `${JSON.stringify({ instanceId, digest, place } satisfies KnownSeed)}\n`);
    return !isEmpty;
  } catch (error) {
    signal.throwIfAborted();
    host.machine.addProblems([`config: ${messageOf(error)}`]);
    say(`config: ${messageOf(error)}`);
    const found = isBerthError(error, 'CONFIG_INVALID') ? error.details['diagnostics'] : undefined;
    if (Array.isArray(found)) sayDiagnostics(found as Diagnostic[], say);
    return false;
  }
}

/** The network that the place gives the machine holds as long as the config itself has no word about it. */
function takeNetwork(network: NetworkText | undefined, { host, say }: BootOptions): void {
  if (network === undefined) return;
  const parsed = parseNetworkDocument({ file: 'network-config', ...network });
  host.machine.giveNetwork(parsed.network);
  sayDiagnostics(parsed.diagnostics, say);
}

function sayDiagnostics(diagnostics: readonly Diagnostic[], say: Say): void {
  for (const { file, line, column, severity, message } of diagnostics.slice(0, shownDiagnostics))
    say(`${file}:${line}:${column}: ${severity}: ${message}`);
  const more = diagnostics.length - shownDiagnostics;
  if (more > 0) say(`and ${more} more: berth status`);
}

async function readKnown(path: string): Promise<KnownSeed | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as KnownSeed;
  } catch (error) {
    // Unreadable counts as never written: the config is applied once more, which changes nothing that is as declared.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
