import type { ServiceGraph, ServiceWish } from '../../agent/agent-service.ts';
import type { Cli, Command } from '../context.ts';
import { paintState, renderServices } from '../status-text.ts';
import type { Style } from '../style.ts';
import { table } from '../text.ts';

/** `berth service list`. */
export const list: Command = async (cli) => {
  const services = await cli.client.services();
  if (cli.flags.json === true) cli.printJson(services);
  else cli.print(services.length === 0 ? 'No services.' : renderServices(services, cli.context.clock.now(), cli.style));
  return 0;
};

/** `berth service graph`: who needs whom, as a table or in Graphviz' language. */
export const graph: Command = async (cli) => {
  const services = await cli.client.graph();
  if (cli.flags.json === true) cli.printJson(services);
  else cli.print(cli.flags.dot === true ? renderDot(services) : renderGraph(services, cli.style));
  return 0;
};

/** `berth service enable`, `disable`, `start`, `stop`, `restart`. */
export function wish(kind: ServiceWish): Command {
  return async (cli, names) => {
    const results = [];
    for (const name of names) {
      const status = await cli.client.setServiceWish(name, kind, cli.operator);
      results.push(status);
      if (cli.flags.json !== true)
        cli.print(`${name}: ${describeWish(cli, kind)}, now ${paintState(status.state, cli.style)}`);
    }
    if (cli.flags.json === true) cli.printJson(results);
    return 0;
  };
}

function describeWish(cli: Cli, kind: ServiceWish): string {
  const words = {
    enable: 'enabled',
    disable: 'disabled',
    start: 'started',
    stop: 'stopped',
    restart: 'restarted',
  } as const;
  return cli.style.bold(words[kind]);
}

function renderGraph({ nodes, edges }: ServiceGraph, style: Style): string {
  const conditions = {
    service_started: 'started',
    service_healthy: 'healthy',
    service_completed_successfully: 'completed',
  } as const;
  const rows = nodes.map(({ name, engine, origin, state }) => {
    const needs = edges.filter(({ from }) => from === name);
    const text = needs.map(
      ({ to, condition, required }) => `${to} (${conditions[condition]}${required ? '' : ', optional'})`,
    );
    return [name, paintState(state, style), engine, origin, text.join(', ')];
  });
  return table(['NAME', 'STATE', 'ENGINE', 'FROM', 'NEEDS'], rows);
}

/** Graphviz (graphviz.org/doc/info/lang.html): services of one engine in one cluster. */
function renderDot({ nodes, edges }: ServiceGraph): string {
  const quote = JSON.stringify;
  const lines = ['digraph services {', '  rankdir=LR;', '  node [shape=box];'];
  for (const engine of ['system', 'user'] as const) {
    const members = nodes.filter((node) => node.engine === engine);
    if (members.length === 0) continue;
    lines.push(`  subgraph ${quote(`cluster_${engine}`)} {`, `    label=${quote(`${engine} engine`)};`);
    for (const { name, state } of members) lines.push(`    ${quote(name)} [label=${quote(`${name}\n${state}`)}];`);
    lines.push('  }');
  }
  for (const { from, to, condition, required } of edges) {
    lines.push(`  ${quote(from)} -> ${quote(to)} [label=${quote(condition)}${required ? '' : ', style=dashed'}];`);
  }
  return [...lines, '}'].join('\n');
}
