import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseNetworkDocument } from '../config/network/network-document.ts';
import { reportUrlIn } from '../config/report-url.ts';
import type { Clock } from '../core/clock.ts';
import { type Diagnostic, diagnosticLine } from '../core/diagnostic.ts';
import { isBerthError, messageOf } from '../core/errors.ts';
import type { DatasourceResult } from '../datasource/datasource.ts';
import { findSeed, type SeedOutcome } from '../datasource/find-seed.ts';
import { readHostFacts } from '../datasource/host-facts-reader.ts';
import { HostSeedFiles } from '../datasource/host-seed-files.ts';
import { HttpFetcher } from '../datasource/http-fetcher.ts';
import { HostGuestValues } from '../datasource/hypervisor/host-guest-values.ts';
import { type KnownInstance, occasionOf } from '../datasource/instance.ts';
import { MetadataClient } from '../datasource/metadata-client.ts';
import { MountedSeedDevices } from '../datasource/mounted-seed-devices.ts';
import type { NetworkText } from '../datasource/seed-documents.ts';
import { settledFacts } from '../datasource/settled-facts.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import { runCommand } from '../engine/run-command.ts';
import { clockFloor } from '../host/network/good-time.ts';
import type { Agent } from './agent.ts';
import type { ApplyOptions, ConfigText } from './agent-service.ts';
import type { BootConsole, Say } from './boot-console.ts';
import { BootNews } from './boot-news.ts';
import type { OwnHost } from './host-boot.ts';
import { imageDirectories } from './image-directories.ts';
import { asksAnew, isOpen, resolveSeed } from './resolve-seed.ts';
import { placeTexts, userTexts } from './seed-texts.ts';

export interface BootOptions {
  readonly agent: Agent;
  readonly host: OwnHost;
  /** Remembers the config that was applied last, across boots. */
  readonly knownFile: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly console: BootConsole;
  /** Below /run: what is done once for each boot. */
  readonly runDirectory: string;
  readonly signal: AbortSignal;
}

interface Boot extends BootOptions {
  readonly say: Say;
  readonly news: BootNews;
  readonly metadata: MetadataClient;
}

/** The seed that was taken last. */
interface KnownSeed extends KnownInstance {
  /** What the place gave the machine beside the user's own config. */
  readonly place: readonly ConfigText[];
}

/** How long a config that was there before is asked for once more. */
const patienceMs = 2 * 60_000;
/** A diagnostic more than this is for `berth status`, not for a console of 25 lines. */
const shownDiagnostics = 5;

/**
 * Brings a host from power-on to its config: looks for the config, takes up what was declared last when that has to wait for
 * the network or has not changed, and applies what is new. Resolves when the config was found and taken; whatever is wrong
 * with it, the host stays up with the last good one, or with none.
 */
export async function bootHost(given: BootOptions): Promise<void> {
  const { clock, random, console } = given;
  const onRetry = (why: string): void => console.say(`config: ${why}; trying again`);
  const metadata = new MetadataClient({ clock, random, onRetry });
  const news = await BootNews.open({ ...given, metadata });
  const options: Boot = { ...given, news, metadata, say: console.say };
  const telling = news.tellEnd();
  await seek(options).catch((error: unknown) => {
    given.signal.throwIfAborted();
    // The host stays up as far as it came: a person can look, and apply a config.
    given.host.machine.addProblems([`boot: ${messageOf(error)}`]);
    process.stderr.write(`boot: ${messageOf(error)}\n`);
  });
  given.host.machine.booted();
  news.tellConfig();
  await telling;
}

async function seek(options: Boot): Promise<void> {
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
    guest: new HostGuestValues(run),
    files: new HostSeedFiles(),
    fetcher: new HttpFetcher({
      clock: options.clock,
      random: options.random,
      onRetry: ({ url, error }) => say(`config: ${url}: ${error}; trying again`),
    }),
    metadata: options.metadata,
    network: async (network: NetworkText | undefined, until: AbortSignal): Promise<void> => {
      takeNetwork(network, options);
      online.resolve('needs the network');
      host.startNetwork();
      await host.network.whenReady(until);
    },
  };
  const seeking = findSeed(facts, ports, signal);
  const first = await Promise.race([seeking, online.promise]);
  if (first === 'needs the network') {
    say('config: waiting for the network');
    await takeUp(options);
    await take(await seeking, options);
    return;
  }
  const isTaken = await take(first, options);
  host.startNetwork();
  if (!isTaken) await takeUp(options);
}

/** What was declared last, or what was before that when it came with an OS release that was taken back. */
async function takeUp({ agent, say, signal }: Boot): Promise<void> {
  const back = await agent.releaseReturn();
  if (back === undefined) {
    await agent.resume();
    return;
  }
  say(`config: back to generation ${back.to}: ${back.why}`);
  const options = { who: 'boot', command: back.why, timeoutMs: 0, wait: false };
  await agent
    .apply({ generation: back.to }, options, () => undefined, signal)
    .catch(async (error: unknown) => {
      signal.throwIfAborted();
      say(`config: ${messageOf(error)}`);
      await agent.resume();
    });
}

/** A clock that starts before this host was last seen would find no certificate valid; sysinit knows only the image's time. */
async function keepTime(
  { clock, knownFile, say }: Boot,
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
async function take(outcome: SeedOutcome, options: Boot): Promise<boolean> {
  const { agent, host, say, news } = options;
  switch (outcome.kind) {
    case 'none':
      say(`config: ${outcome.why}`);
      if (agent.generation === 0) await waitForConfig(outcome.why, options);
      return false;
    case 'failed':
      if (outcome.id !== undefined) news.from(outcome.id);
      host.machine.refuse(outcome.diagnostics.map(diagnosticLine));
      sayDiagnostics(outcome.diagnostics, say);
      news.refused(outcome.diagnostics, undefined);
      if (agent.generation === 0) await host.maintenance.begin('its config cannot be read', false);
      return false;
    case 'found':
      return takeSeed(outcome.result, options);
  }
}

/** A host that nothing gives a config: the console says how it gets one. */
async function waitForConfig(why: string, { host, say }: Boot): Promise<void> {
  say(
    'config: give one by a disk labelled "cidata" or "config-2", fw_cfg, SMBIOS or the kernel command line, and restart;',
  );
  say('config: or here, from a shell on this console: berth apply FILE (API: /run/berth/api/berth.sock)');
  // Where the state cannot be read, the host may have had a config, and with it somebody to keep out.
  await host.maintenance.begin(why, host.keepsState);
}

async function takeSeed(found: DatasourceResult, options: Boot): Promise<boolean> {
  const { agent, host, knownFile, say, signal, news } = options;
  const { instanceId, digest, origin, id } = found;
  news.from(id, origin);
  takeNetwork(found.networkConfig, options);
  host.machine.foundConfig({ datasource: id, place: origin });
  if (!isOpen(found) || agent.generation === 0) agent.stand(placeTexts(found));
  await host.firstApply.begin(instanceId);
  await host.taskMarks.begin(instanceId);
  const occasion = occasionOf(await readKnown(knownFile), found);
  const isAsBefore = occasion.kind === 'every-boot' && !occasion.configChanged;
  if (isAsBefore && !asksAnew(found)) {
    say(`config: ${origin}, as before`);
    return false;
  }
  say(`config: ${origin}${occasion.kind === 'first-boot' ? ', first boot' : isAsBefore ? '' : ', changed'}`);
  // What of the config is known without the network.
  let place = placeTexts(found);
  let files = userTexts(found);
  try {
    if (isOpen(found)) await goOnline(isAsBefore, options);
    const result = await resolveSeed(found, { ...options, ...resolving(isAsBefore, options) });
    sayDiagnostics(result.diagnostics.slice(found.diagnostics.length), say);
    place = placeTexts(result);
    files = userTexts(result);
    agent.stand(place);
    const isEmpty = files.length === 0 && place.length === 0;
    if (!isEmpty) {
      await agent.apply({ files }, bootApply(id), () => undefined, signal);
      sayDiagnostics(agent.configProblems, say);
    }
    await writeDurably(knownFile, `${JSON.stringify({ instanceId, digest, place } satisfies KnownSeed)}\n`);
    return !isEmpty;
  } catch (error) {
    signal.throwIfAborted();
    say(`config: ${messageOf(error)}`);
    const told = isBerthError(error, 'CONFIG_INVALID') ? error.details['diagnostics'] : undefined;
    const diagnostics = Array.isArray(told) ? (told as Diagnostic[]) : [];
    sayDiagnostics(diagnostics, say);
    host.machine.refuse([`config: ${messageOf(error)}`, ...diagnostics.map(diagnosticLine)]);
    news.refused(diagnostics, reportUrlIn([...place, ...files].map(({ text }) => text)));
    return agent.generation === 0 && (await standIn(id, place.length > 0, options));
  }
}

/** A config that names URLs needs the network; a host that had it before runs on what that was meanwhile. */
async function goOnline(isAsBefore: boolean, options: Boot): Promise<void> {
  const { host, say, signal } = options;
  if (isAsBefore) await takeUp(options);
  say('config: waiting for the network');
  host.startNetwork();
  await host.network.whenReady(signal);
}

/** A host that has its config does not wait for ever for a newer form of it. */
function resolving(isAsBefore: boolean, { knownFile, signal }: Boot): { includesFile: string; signal: AbortSignal } {
  return {
    includesFile: join(dirname(knownFile), 'includes.json'),
    signal: isAsBefore ? AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) : signal,
  };
}

const bootApply = (datasource: string): ApplyOptions => {
  return { who: 'boot', command: `datasource ${datasource}`, timeoutMs: 0, wait: false };
};

/**
 * In the place of a first config that was refused: what the place itself says of the machine, its name and whose keys open it,
 * so that they can get in and mend it. @returns whether that was applied.
 */
async function standIn(datasource: string, hasPlace: boolean, { agent, host, say, signal }: Boot): Promise<boolean> {
  await host.maintenance.begin('its config was refused', false);
  if (!hasPlace) return false;
  try {
    await agent.apply({ files: [] }, { ...bootApply(datasource), provisional: true }, () => undefined, signal);
    say('config: only what the place says of this machine is applied');
    return true;
  } catch (error) {
    signal.throwIfAborted();
    say(`config: neither can what the place says of this machine be applied: ${messageOf(error)}`);
    return false;
  }
}

/** The network that the place gives the machine holds as long as the config itself has no word about it. */
function takeNetwork(network: NetworkText | undefined, { host, say }: Boot): void {
  if (network === undefined) return;
  const parsed = parseNetworkDocument({ file: 'network-config', ...network });
  host.machine.giveNetwork(parsed.network);
  sayDiagnostics(parsed.diagnostics, say);
}

function sayDiagnostics(diagnostics: readonly Diagnostic[], say: Say): void {
  for (const diagnostic of diagnostics.slice(0, shownDiagnostics)) say(diagnosticLine(diagnostic));
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
