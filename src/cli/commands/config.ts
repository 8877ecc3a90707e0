import type { EffectiveKey, KeySource } from '../../config/user-data/explain.ts';
import { BerthError } from '../../core/errors.ts';
import type { Cli, Command } from '../context.ts';
import type { Style } from '../style.ts';
import { apply } from './apply.ts';

/** `berth config get`: what holds on this host, with `--explain` who says so. Exit code 1 when a named key is not declared. */
export const get: Command = async (cli, [key]) => {
  const keys = await cli.client.configKeys(key);
  if (cli.flags.json === true) {
    cli.printJson(key === undefined ? keys : keys[0]);
  } else if (key !== undefined && cli.flags.explain !== true) {
    const value = keys[0]?.value;
    if (value !== undefined) cli.print(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
    else cli.context.stderr.write(`${key} is not declared: the image's own default holds\n`);
  } else {
    for (const one of keys) cli.print(render(one, cli));
    if (keys.length === 0) cli.print('Nothing is declared.');
  }
  return key !== undefined && keys[0]?.value === undefined ? 1 : 0;
};

/** `berth config set`: declares one key on the machine itself, over what the place and the user's files say. */
export const set: Command = async (cli, [key = '', text = '']) => {
  const { value } = await readValue(text);
  return apply(cli, { set: { key, value } });
};

/** `berth config unset`: takes that back. */
export const unset: Command = async (cli, [key = '']) => apply(cli, { set: { key } });

/** As it would be read in a config: `true` is a truth value, `[a, b]` a list. Throws USAGE. */
async function readValue(text: string): Promise<{ readonly value: unknown }> {
  const { readYaml } = await import('../../config/yaml-source.ts');
  const { data, problems } = readYaml(text, { rulesOf: () => 'compose' });
  const [problem] = problems;
  if (problem !== undefined) throw new BerthError('USAGE', `the value is not YAML: ${problem.message}`);
  return { value: data ?? null };
}

function render({ key, value, from, under }: EffectiveKey, { flags, style }: Cli): string {
  const shown = value === undefined ? style.dim('not declared') : JSON.stringify(value);
  const lines = [`${style.bold(key)}: ${shown}`];
  if (flags.explain !== true) return lines.join('\n');
  if (value === undefined) lines.push("  the image's own default holds");
  for (const source of from) {
    const isPart = from.length > 1;
    lines.push(`  from ${place(source, style)}${isPart ? `: ${source.keys.join(', ')}` : ''}`);
  }
  for (const source of under) lines.push(style.dim(`  over ${place(source, style)}: ${JSON.stringify(source.value)}`));
  return lines.join('\n');
}

function place({ layer, file, line, column }: KeySource, style: Style): string {
  return `${layer} ${style.dim(`${file}:${line}:${column}`)}`;
}
