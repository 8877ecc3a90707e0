import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../src/engine/run-command.ts';
import { type PrivateEngine, privateEngine, reapOwned } from '../test/engine/support/private-engine.ts';
import { testImage } from '../test/engine/support/test-image.ts';
import { BerthPeer } from './berth-peer.ts';
import { ComposePeer } from './compose-peer.ts';
import { type Options, readOptions, usage } from './options.ts';
import { RawPeer } from './raw-peer.ts';
import { controlPlanePeers, resultsPage, terminalTable } from './report.ts';
import { runScenario } from './run.ts';
import { type Bench, misses, type Row } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { UnixHttp } from './unix-http.ts';

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(options: Options, signal: AbortSignal): Promise<number> {
  const unknown = options.only.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw new Error(`--only ${unknown.join(', ')}: there are ${scenarios.map(({ name }) => name).join(', ')}`);

  progress('starting Docker Engine 26.1');
  const engine = await privateEngine({ version: '26.1', name: 'bench', cgroups: 'v2' });
  await testImage(engine.engine);
  const http = new UnixHttp(engine.socket);
  const notes: string[] = [];
  const bench: Bench = {
    engine,
    raw: new RawPeer(http),
    compose: new ComposePeer(engine),
    quick: options.quick,
    takesPart: (peer) => options.peers.includes(peer),
    note: (text) => void notes.push(text),
  };
  const rows: Row[] = [];
  for (const scenario of scenarios) {
    if (options.only.length > 0 && !options.only.includes(scenario.name)) continue;
    rows.push(...(await runScenario(scenario, bench, options.runs, progress, signal)));
  }
  http.close();
  process.stdout.write(`${terminalTable(rows, controlPlanePeers)}\n${notes.map((note) => `${note}\n`).join('')}`);
  const isComplete = !options.quick && options.only.length === 0 && options.peers.length === 3;
  if (isComplete) await writeFile(join(import.meta.dirname, 'RESULTS.md'), await page(rows, engine, notes));
  return rows.some(misses) ? 1 : 0;
}

async function page(rows: readonly Row[], engine: PrivateEngine, notes: readonly string[]): Promise<string> {
  const [program = '', ...args] = engine.command;
  const cwd = import.meta.dirname;
  return resultsPage(rows, {
    date: new Date().toISOString().slice(0, 10),
    engine: (await engine.engine.info()).version,
    compose: (await runCommand(program, [...args, 'docker-compose', 'version', '--short'])).trim(),
    commit: (await runCommand('git', ['rev-parse', '--short', 'HEAD'], { cwd })).trim(),
    notes,
  });
}

/** Ends every process and container of this run, also after Ctrl-C. */
async function cleanUp(): Promise<void> {
  await BerthPeer.stopAll();
  await reapOwned();
}

const options = readOptions(process.argv.slice(2));
if (options.help) {
  process.stdout.write(`${usage}\n`);
} else {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      progress('interrupted: cleaning up');
      interruption.abort(new Error('interrupted'));
      void cleanUp().then(() => process.exit(130));
    });
  }
  try {
    process.exitCode = await main(options, interruption.signal);
  } catch (error) {
    progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  } finally {
    await cleanUp();
  }
}
