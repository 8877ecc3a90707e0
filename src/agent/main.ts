import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { serveApi } from '../api/server.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import { HttpFetcher } from '../datasource/http-fetcher.ts';
import type { EngineStateChange } from '../engine/engine-supervisor.ts';
import { runCommand } from '../engine/run-command.ts';
import { engineGroupId, engineView } from '../services/catalogue/variables.ts';
import { resourceName } from '../services/names.ts';
import type { StepRecord } from '../services/ports.ts';
import { Agent } from './agent.ts';
import type { AgentOptions } from './agent-service.ts';
import { bootHost } from './boot.ts';
import { BootConsole, sayOnConsole } from './boot-console.ts';
import { openBootEntries } from './boot-entries.ts';
import { GenerationStore } from './generation-store.ts';
import { type OwnHost, openHost } from './host-boot.ts';
import { openHostCatalogue } from './host-catalogue.ts';
import { type HostImages, openImages } from './host-images.ts';
import { hostNumbers } from './host-numbers.ts';
import { openOs } from './host-os.ts';
import { imageDirectories } from './image-directories.ts';
import { KeyImports } from './key-imports.ts';
import { Ledger } from './ledger.ts';
import { guestMachine } from './machine.ts';
import { MemoryFile } from './memory-file.ts';
import { OverlayStore } from './operator-overlay.ts';
import { dataDirectory, OwnEngines } from './own-engines.ts';
import type { OwnOs } from './own-os.ts';
import { loadPasswordSeed } from './password-seed.ts';
import { PowerOrder } from './power-order.ts';
import { AgentState } from './state/agent-state.ts';
import { systemClock } from './system-clock.ts';

/** Prefix of everything Berth creates on an engine. */
const defaultInstance = 'berth';
/** How long a site that gives keys is asked. */
const keyPatienceMs = 10 * 60_000;

/**
 * The daemon: builds the adapters, takes up the current generation, serves the API and reconciles until SIGTERM or
 * SIGINT. Containers and engines live on when it ends. The composition root: the only file that knows all parts.
 * @returns the exit code. Throws AGENT_RUNNING, STORE_CORRUPT, CONFIG_UNREADABLE, UNSUPPORTED.
 */
export async function runAgent(options: AgentOptions): Promise<number> {
  const mode = options.local ? 'local' : 'host';
  if (mode === 'host' && !existsSync(imageDirectories.marker)) {
    throw new BerthError('UNSUPPORTED', 'this machine did not boot from a Berth image', {
      hint: 'berth agent --local runs beside what is here and changes nothing of it',
    });
  }
  const { stateDirectory, runDirectory, socket } = options;
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  // The sockets' group is the console's; on somebody's machine that number may be another group's, so nobody else gets in.
  const runMode = mode === 'local' ? 0o700 : 0o711;
  await mkdir(runDirectory, { recursive: true, mode: runMode });
  await chmod(runDirectory, runMode);

  const state = await AgentState.open(stateDirectory);
  if (state.story !== '') log(state.story);
  const ledger = new Ledger(join(state.directory, 'ledger'));
  const generations = await GenerationStore.open(join(state.directory, 'generations'));
  const overlay = new OverlayStore(join(state.directory, 'overlay.json'));
  await overlay.load();
  for (const problem of [...ledger.problems, ...generations.problems]) log(problem);

  const engines = await OwnEngines.open({
    mode,
    stateDirectory,
    runDirectory,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    clock: systemClock,
    random: Math.random,
    onChange: (change) => {
      if (change.state === 'running') agent.systemEngineCameUp();
      noteEngine(change, ledger, generations.current()?.number ?? 0);
    },
    onProblem: (error) => log(`the user engine's sockets: ${messageOf(error)}`),
  });
  const ending = new AbortController();
  const bootConsole = new BootConsole(sayOnConsole);
  const shutdown = { isWanted: false };
  const instance = process.env['BERTH_INSTANCE'] ?? defaultInstance;
  const recorder = { record: (step: StepRecord) => agent.record(step) };
  const boot =
    mode === 'local' ? undefined : openBootEntries(runDirectory, systemClock, () => os?.updates?.decideAgain());
  const kernelArguments = await boot?.then(
    (entries) => entries.kernelArguments,
    // Who looks after the releases tells of it.
    () => undefined,
  );
  const host: OwnHost | undefined =
    mode === 'local'
      ? undefined
      : await openHost({
          ...{ stateDirectory, runDirectory, recorder, clock: systemClock, random: Math.random },
          say: bootConsole.say,
          ...(kernelArguments === undefined ? {} : { kernelArguments }),
          hostKeyDirectory: join(
            dataDirectory(stateDirectory, 'system'),
            'volumes',
            resourceName(instance, 'console-keys'),
            '_data',
          ),
          power: async (order) => powerOrder.give(order),
          signal: ending.signal,
        });
  const { images, imageStore, medium }: HostImages = openImages({
    ...{ mode, stateDirectory, imageIndex: options.imageIndex },
    config: () => agent.config,
    bring: async (bundle) => (await os?.updates?.bringImages(bundle)) ?? [],
    ...{ say: bootConsole.say, clock: systemClock, signal: ending.signal },
  });
  const os: OwnOs | undefined =
    host === undefined || boot === undefined
      ? undefined
      : await openOs({
          boot,
          ...{ instance, stateDirectory, runDirectory, socket, engines, images, imageStore, medium, recorder },
          ...{ clock: systemClock, state },
          ...{
            random: Math.random,
            say: bootConsole.say,
            keepsState: host.keepsState,
            isChanging: () => host.machine.isChanging,
            mountTroubles: () => host.machine.mountTroubles,
          },
          holds: () => agent.holds,
          status: async () => agent.status(),
          config: () => agent.config,
          redact: (text) => agent.redact(text),
          whenOnline: async (signal) => {
            await host.network.whenReady(signal);
          },
          isStopping: () => agent.isStopping,
          onBlessed: () => host.machine.lookAgain(),
          hooks: () => agent.rebootPreparation.hooks(),
          runHook: async (hook, signal) => agent.rebootPreparation.run(hook, signal),
        }).catch((error: unknown) => {
          // A host that cannot be updated is better than none.
          host.machine.addProblems([`os: ${messageOf(error)}`]);
          return undefined;
        });
  const powerOrder: PowerOrder = new PowerOrder({
    ...{ clock: systemClock, say: bootConsole.say, signal: ending.signal },
    isChanging: () => host?.machine.isChanging === true,
    power: async (mode) => {
      if (mode === 'reboot' && os?.updates !== undefined)
        os.updates.restart({ kind: 'config', key: 'power_state', change: 'added' });
      else await runCommand(imageDirectories.power, [mode]);
    },
  });
  const keyFetcher = new HttpFetcher({ clock: systemClock, random: Math.random, onRetry: () => undefined });
  const keyImports = await KeyImports.open({
    path: join(stateDirectory, 'imported-keys.json'),
    fetch: async (url, signal) => keyFetcher.get(url, AbortSignal.any([signal, AbortSignal.timeout(keyPatienceMs)])),
    whenOnline: async (signal) => host?.network.whenReady(signal),
    onProblem: (why) => {
      log(why);
      host?.machine.addProblems([why]);
    },
    signal: ending.signal,
  });
  const agent: Agent = new Agent({
    instance,
    hostname,
    machine: host?.machine ?? guestMachine,
    ...(os === undefined ? {} : { os }),
    filesDirectory: join(stateDirectory, 'files'),
    engines,
    catalogue: await openHostCatalogue({
      ...{ mode, socket, places: engines.places, directory: options.catalogueDirectory },
      ...(mode === 'host' ? { verifiedDirectory: imageDirectories.containers, numbersOf: hostNumbers } : {}),
    }),
    ...(engines.userEngineIsService ? { engineView: engineView({ mode, userEngine: engines.places.userEngine }) } : {}),
    images,
    generations,
    ledger,
    memory: new MemoryFile(join(state.directory, 'memory.json')),
    overlay,
    clock: systemClock,
    random: Math.random,
    environment: {},
    keyImports,
    passwordSeed: await loadPasswordSeed(join(stateDirectory, 'password-seed')),
    onShutdown: () => {
      shutdown.isWanted = true;
      // After the answer to the request that asked for it has gone out.
      setTimeout(() => ending.abort(), 100);
    },
  });
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
  await agent.recall();
  await os?.recall();
  if (host === undefined) await agent.resume();
  const api = await serveApi(agent, socket, engineGroupId);
  log(`serving ${socket}`);
  const reconciling = agent.run(ending.signal);
  const proving = os?.run(ending.signal);
  const booting =
    host === undefined
      ? undefined
      : bootHost({
          ...{
            agent,
            host,
            clock: systemClock,
            random: Math.random,
            console: bootConsole,
            runDirectory,
            signal: ending.signal,
          },
          knownFile: join(state.directory, 'datasource.json'),
        }).catch((error: unknown) => {
          if (!ending.signal.aborted) log(`boot: ${messageOf(error)}`);
        });
  if (options.configFile !== undefined && generations.current() === undefined)
    await applyFirst(agent, options.configFile, ending.signal);
  await reconciling;
  await booting;
  await proving;
  await host?.ended();
  await (shutdown.isWanted ? engines.stop() : engines.release());
  // Last: a host that shuts down takes the socket for a sign that the agent still has something to stop.
  await api.close();
  await ledger.close();
  return 0;
}

/** The config given at start, on a host to which nothing was applied yet. */
async function applyFirst(agent: Agent, file: string, signal: AbortSignal): Promise<void> {
  try {
    const text = await readFile(file, 'utf8');
    await agent.apply(
      { files: [{ file, text }] },
      { who: 'agent', command: `berth agent --config ${file}`, timeoutMs: 0, wait: false },
      () => undefined,
      signal,
    );
  } catch (error) {
    // The agent stays up: a person can apply another one.
    log(`${file} was not applied: ${messageOf(error)}`);
  }
}

function noteEngine(
  { state, reason, lastLogLines, retryInMs, onRequest }: EngineStateChange,
  ledger: Ledger,
  generation: number,
): void {
  const isTrouble = state === 'down' || state === 'failed';
  // Who asked for a restart records it.
  if (onRequest === true || (!isTrouble && state !== 'running')) return;
  ledger.append({
    at: new Date().toISOString(),
    generation,
    kind: 'start-engine',
    subject: 'engine/system',
    cost: 'restart-engine',
    reason: { kind: 'drift', detail: reason },
    summary: state === 'running' ? 'the system engine runs' : `the system engine is ${state}`,
    outcome: isTrouble ? 'failed' : 'done',
    durationMs: 0,
    ...(isTrouble
      ? {
          error: [
            ...lastLogLines,
            ...(retryInMs === undefined ? [] : [`next try in ${Math.round(retryInMs / 1000)} s`]),
          ].join('\n'),
        }
      : {}),
  });
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}
