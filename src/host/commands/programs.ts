import type { CommandConfig } from '../../config/commands-config.ts';
import type { CommandTask } from './tasks.ts';

/** A program that a task names in so many words. */
export interface NamedProgram {
  readonly program: string;
  /** Key path of what names it. */
  readonly key: string;
  /** True: without it nothing of the task can run. */
  readonly isNeeded: boolean;
}

/** What the shell has itself, and what Berth brings for cloud-configs. */
const builtIn = new Set(
  [
    'cd',
    'echo',
    'eval',
    'exec',
    'exit',
    'export',
    'false',
    'printf',
    'read',
    'set',
    'source',
    'test',
    'true',
    ':',
    '.',
    '[',
  ].concat(['trap', 'ulimit', 'umask', 'unset', 'wait', 'kill', 'command', 'type', 'cloud-init-per']),
);

/** The programs that a task names, as far as that can be told before it runs. Pure. */
export function programOf({ action, key }: CommandTask): NamedProgram[] {
  switch (action.kind) {
    case 'shell':
      return action.commands.flatMap((command, index) => namedBy(command, `${key}[${index}]`));
    case 'script': {
      const interpreter = interpreterOf(action.contentBase64).map((program) => ({ program, key, isNeeded: true }));
      const [prefix] = action.prefix;
      return prefix === undefined ? interpreter : [{ program: prefix, key, isNeeded: true }, ...interpreter];
    }
    case 'power': {
      const { condition } = action.power;
      return typeof condition === 'boolean' ? [] : namedBy(condition, `${key}.condition`);
    }
    case 'phone-home':
    case 'message':
      return [];
  }
}

/** Of a text for the shell only a plain first word that stands alone is sure to be a program. */
function namedBy(command: CommandConfig, key: string): NamedProgram[] {
  const program =
    command.kind === 'program'
      ? command.args[0]
      : /^\s*([A-Za-z0-9_./+-]+)(?=\s|$)(?![^\n]*\n)/.exec(command.text)?.[1];
  if (program === undefined || program === '' || builtIn.has(program) || isShellWord(program)) return [];
  return [{ program, key, isNeeded: false }];
}

function isShellWord(word: string): boolean {
  return ['if', 'for', 'while', 'until', 'case', 'function', 'then', 'do'].includes(word);
}

/** `#!/usr/bin/env python3` names two. */
function interpreterOf(contentBase64: string): string[] {
  const line = Buffer.from(contentBase64.slice(0, 512), 'base64').toString('latin1').split('\n', 1)[0] ?? '';
  const [path, ...args] = /^#!\s*(.*)$/.exec(line)?.[1]?.trim().split(/\s+/) ?? [];
  if (path === undefined || path === '') return [];
  const named = path.endsWith('/env') ? args.find((arg) => !arg.startsWith('-') && !arg.includes('=')) : undefined;
  return named === undefined ? [path] : [path, named];
}
