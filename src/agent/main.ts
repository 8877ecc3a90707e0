import { chmod, mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { serveApi } from '../api/server.ts';
import type { HostConfig } from '../config/host-config.ts';
import type { ComposeModel } from '../config/service-spec.ts';
import { BerthError, messageOf } from '../core/errors.ts';
import type { EngineStateChange } from '../engine/engine-supervisor.ts';
import { loadCatalogue } from '../services/catalogue/load.ts';
import { resolveCatalogueService } from '../services/catalogue/resolve.ts';
import { catalogueVariables, engineGroupId, engineView } from '../services/catalogue/variables.ts';
import { Agent } from './agent.ts';
import type { AgentOptions } from './agent-service.ts';
import { GenerationStore } from './generation-store.ts';
import { ImageArchives } from './image-archives.ts';
import { Ledger } from './ledger.ts';
import { LocalEngines } from './local-engines.ts';
import { MemoryFile } from './memory-file.ts';
import { OverlayStore } from './operator-overlay.ts';
import { loadPasswordSeed } from './password-seed.ts';
import { systemClock } from './system-clock.ts';

/** Prefix of everything Berth creates on an engine. */
const defaultInstance = 'berth';

/**
 * The daemon: builds the adapters, takes up the current generation, serves the API and reconciles until SIGTERM or
 * SIGINT. Containers and engines live on when it ends. The composition root: the only file that knows all parts.
 * @returns the exit code. Throws AGENT_RUNNING, STORE_CORRUPT, CONFIG_UNREADABLE, UNSUPPORTED.
 */
export async function runAgent(options: AgentOptions): Promise<number> {
  if (!options.local) {
    throw new BerthError('UNSUPPORTED', 'this machine did not boot from a Berth image', {
      hint: 'berth agent --local runs beside what is here and changes nothing of it',
    });
  }
  const { stateDirectory, runDirectory, socket } = options;
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  // The sockets' group is the console's; on somebody's machine that number may be another group's, so nobody else gets in.
  await mkdir(runDirectory, { recursive: true, mode: 0o700 });
  await chmod(runDirectory, 0o700);

  const ledger = new Ledger(join(stateDirectory, 'ledger'));
  const generations = await GenerationStore.open(join(stateDirectory, 'generations'));
  const overlay = new OverlayStore(join(stateDirectory, 'overlay.json'));
  await overlay.load();
  for (const problem of [...ledger.problems, ...generations.problems]) log(problem);

  const engines = await LocalEngines.open({
    stateDirectory,
    runDirectory,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    clock: systemClock,
    random: Math.random,
    onChange: (change) => noteEngine(change, ledger, generations.current()?.number ?? 0),
  });
  const ending = new AbortController();
  const shutdown = { isWanted: false };
  const catalogue = await loadCatalogue(options.catalogueDirectory);
  const modelsFor = (config: HostConfig): ReadonlyMap<string, ComposeModel> => {
    const { places } = engines;
    const variables = catalogueVariables(config, {
      mode: 'local',
      sockets: { agent: socket, user: places.userSocket, containerd: places.containerdSocket },
      userEngine: places.userEngine,
      program: { node: process.execPath, directory: dirname(process.argv[1] ?? '/'), main: 'berth.js' },
    });
    return new Map(
      [...catalogue].map(([name, entry]) => [name, resolveCatalogueService(entry, variables, 'local').model]),
    );
  };
  const agent: Agent = new Agent({
    instance: process.env['BERTH_INSTANCE'] ?? defaultInstance,
    hostname: hostname(),
    filesDirectory: join(stateDirectory, 'files'),
    engines,
    catalogue: {
      descriptions: new Map([...catalogue].map(([name, { description }]) => [name, description])),
      modelsFor,
    },
    ...(engines.userEngineIsService
      ? { engineView: engineView({ mode: 'local', userEngine: engines.places.userEngine }) }
      : {}),
    images: new ImageArchives(options.imageIndex, () => agent.config),
    generations,
    ledger,
    memory: new MemoryFile(join(stateDirectory, 'memory.json')),
    overlay,
    clock: systemClock,
    random: Math.random,
    environment: {},
    passwordSeed: await loadPasswordSeed(join(stateDirectory, 'password-seed')),
    onShutdown: () => {
      shutdown.isWanted = true;
      // After the answer to the request that asked for it has gone out.
      setTimeout(() => ending.abort(), 100);
    },
  });
  await agent.resume();

  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
  const api = await serveApi(agent, socket, engineGroupId);
  log(`serving ${socket}`);
  const reconciling = agent.run(ending.signal);
  if (options.configFile !== undefined && generations.current() === undefined)
    await applyFirst(agent, options.configFile, ending.signal);
  await reconciling;
  await api.close();
  await (shutdown.isWanted ? engines.stop() : engines.release());
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
