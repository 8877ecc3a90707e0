import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentOptions } from '../../agent/agent-service.ts';
import { parseConfig } from '../../config/parse.ts';
import { BerthError } from '../../core/errors.ts';
import { ensureIptables, fetchEngineBinaries, findEngineBinaries } from '../../engine/binaries.ts';
import { writeDurably } from '../../engine/durable-file.ts';
import { type Cli, type Command, createCli } from '../context.ts';
import { askAgent, awaitAgent, startDaemon } from '../daemon.ts';
import { refuseConfig } from '../diagnostics.ts';
import { readConfigTexts } from '../files.ts';
import { Phases } from '../phases.ts';
import { findSocket, localDirectories } from '../sockets.ts';
import { renderStatus } from '../status-text.ts';
import { agentOptions } from './agent.ts';
import { apply } from './apply.ts';

/**
 * `berth up --local`: from a fresh machine to running services. Every part of it finds what is there already, so a second
 * call is quick and changes nothing.
 */
export const run: Command = async (outer) => {
  const options = agentOptions({ ...outer.flags, local: true }, outer.context);
  const cli = createCli(outer.context, outer.flags, outer.operator.command, options.socket);
  requireRoot(cli);
  const file = outer.flags.config ?? join(outer.context.projectDirectory, 'cloud-config', 'minimal.yaml');
  const files = await readConfigTexts([file], cli.context);
  // A config that cannot be taken is told before minutes are spent on it.
  const { diagnostics } = parseConfig(files);
  const isBroken = diagnostics.some(({ severity }) => severity === 'error');
  if (!isBroken) await prepare(cli, options);
  else if ((await askAgent(cli)) === undefined) return refuseConfig(cli, files, diagnostics);
  // What was applied since stays declared: the example is for a host on which nothing is.
  const { generation } = await cli.client.status();
  const stays = outer.flags.config === undefined && generation > 0;
  const exitCode = await apply(cli, stays ? { generation } : { files }, false);
  if (cli.flags.json !== true) cli.print(`\n${await describeInstance(cli, options)}`);
  return exitCode;
};

function requireRoot({ context }: Cli): void {
  if (process.getuid?.() === 0) return;
  throw new BerthError('UNSUPPORTED', 'up --local needs root, because it starts a container engine', {
    hint: `sudo ${context.program} up --local`,
  });
}

async function prepare(cli: Cli, options: AgentOptions): Promise<void> {
  const { context } = cli;
  const phases = new Phases(cli);
  // First of all: what is made in it later must not make it with other rights.
  await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
  await phases.run('container engine', async (report) => {
    if (options.engine !== undefined) return;
    await ensureIptables(report, context.signal);
    if ((await findEngineBinaries(context.env)) === undefined)
      await fetchEngineBinaries(options.stateDirectory, report, context.signal);
  });
  await phases.run('system containers', async (report) => {
    const { buildSystemContainers } = await import('../../../image/system-containers.ts');
    const images = await buildSystemContainers({
      recipesDirectory: options.catalogueDirectory,
      cacheDirectory: context.env['BERTH_CACHE'] ?? join(options.stateDirectory, 'cache'),
      onProgress: report,
    });
    await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
    await writeDurably(options.imageIndex, `${JSON.stringify(images, null, 2)}\n`, 0o644);
  });
  if ((await askAgent(cli)) !== undefined) return;
  await phases.run('agent', async () => awaitAgent(cli, options, await startDaemon(cli, options)));
}

async function describeInstance(cli: Cli, options: AgentOptions): Promise<string> {
  const { context, style } = cli;
  const status = await cli.client.status();
  const { program } = context;
  const socket = findSocket(undefined, context.env) === options.socket ? '' : ` --socket ${options.socket}`;
  const state = options.stateDirectory === localDirectories.state ? ' --local' : ` --state ${options.stateDirectory}`;
  const hints = [
    [`${program} status${socket}`, 'this table'],
    [`${program} why ntp${socket}`, 'why a service is as it is'],
    [`${program} logs -f console${socket}`, 'what a service says'],
    [`${program} apply FILE${socket}`, 'declare something else'],
    [`${program} down${state}`, 'stop all this'],
  ] as const;
  const width = Math.max(...hints.map(([line]) => line.length));
  return [
    renderStatus(status, context.clock.now(), style),
    `API: unix socket ${options.socket} (GET /v1/openapi.json)`,
    hints.map(([line, meaning]) => `  ${line.padEnd(width)}  ${style.dim(meaning)}`).join('\n'),
  ].join('\n\n');
}
