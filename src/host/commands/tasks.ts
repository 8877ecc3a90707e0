import { createHash } from 'node:crypto';
import {
  type CommandConfig,
  type CommandsConfig,
  noCommands,
  type PhoneHomeConfig,
  type PowerConfig,
  type ScriptConfig,
  type ScriptTime,
} from '../../config/commands-config.ts';
import type { HostConfig } from '../../config/host-config.ts';
import { formatPath } from '../../core/diagnostic.ts';

/** How often something runs: at every boot, once on each instance, once on this disk. */
export type Frequency = 'boot' | 'instance' | 'once';

export type TaskAction =
  /** In one shell, as cloud-init does: what one command sets, the next one sees. */
  | { readonly kind: 'shell'; readonly commands: readonly CommandConfig[] }
  | { readonly kind: 'script'; readonly contentBase64: string; readonly prefix: readonly string[] }
  | { readonly kind: 'phone-home'; readonly to: PhoneHomeConfig; readonly hostname: string; readonly fqdn: string }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'power'; readonly power: PowerConfig };

/** Something that the host runs by itself. */
export interface CommandTask {
  /** Also what it is remembered by: `runcmd`, `script/user/part-001`. */
  readonly id: string;
  /** Key path in the config. */
  readonly key: string;
  readonly frequency: Frequency;
  /** `early`: before anything is set up; `late`: when all is, with the network. */
  readonly stage: 'early' | 'late';
  readonly action: TaskAction;
  /** For a person: `run the commands of runcmd (3)`. */
  readonly summary: string;
  /** Changes with what is run. */
  readonly digest: string;
}

const frequencies: Readonly<Record<ScriptTime, Frequency>> = {
  ...{ hook: 'boot', boot: 'boot', once: 'once' },
  ...{ vendor: 'instance', instance: 'instance', user: 'instance' },
};
/** The order of cloud-init's modules. */
const lateTimes = ['vendor', 'once', 'boot', 'instance', 'user'] as const satisfies readonly ScriptTime[];

/** What a config has the host run, in the order and as often as cloud-init 26.2 runs it. Pure. */
export function commandTasks(config: HostConfig): CommandTask[] {
  const commands = config.commands ?? noCommands;
  const scripts = (time: ScriptTime): CommandTask[] =>
    commands.scripts.filter((script) => script.time === time).map((script) => scriptTask(script, commands));
  const shell = (key: string, lines: readonly CommandConfig[], frequency: Frequency, stage: CommandTask['stage']) =>
    lines.length === 0
      ? []
      : [
          task({
            ...{ id: key, key, frequency, stage, action: { kind: 'shell', commands: lines } },
            summary: `run the commands of ${key} (${lines.length})`,
          }),
        ];
  const users = [...scripts('user'), ...shell('runcmd', commands.late, 'instance', 'late')];
  return [
    ...byName(scripts('hook')),
    ...shell('bootcmd', commands.early, 'boot', 'early'),
    ...lateTimes.flatMap((time) => byName(time === 'user' ? users : scripts(time))),
    ...endTasks(config, commands),
  ];
}

/** As run-parts sorts the files of a directory, where `runcmd` is one among the user's scripts. */
function byName(tasks: readonly CommandTask[]): CommandTask[] {
  const nameOf = ({ id }: CommandTask): string => id.split('/').slice(-1).join('');
  return tasks.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function scriptTask({ name, time, contentBase64 }: ScriptConfig, { vendorPrefix }: CommandsConfig): CommandTask {
  return task({
    id: `script/${time}/${name}`,
    key: formatPath(['scripts', name]),
    frequency: frequencies[time],
    stage: time === 'hook' ? 'early' : 'late',
    action: { kind: 'script', contentBase64, prefix: time === 'vendor' ? vendorPrefix : [] },
    summary: `run the script ${name}`,
  });
}

function endTasks(config: HostConfig, { phoneHome, finalMessage, power }: CommandsConfig): CommandTask[] {
  const tasks: Omit<CommandTask, 'digest'>[] = [];
  const late = { stage: 'late', frequency: 'instance' } as const;
  if (phoneHome !== undefined) {
    const { hostname = 'localhost', fqdn = hostname } = config;
    const action = { kind: 'phone-home', to: phoneHome, hostname, fqdn } as const;
    tasks.push({ ...late, id: 'phone_home', key: 'phone_home', action, summary: `tell ${hostOf(phoneHome.url)}` });
  }
  if (finalMessage !== undefined) {
    const action = { kind: 'message', text: finalMessage } as const;
    const about = { id: 'final_message', key: 'final_message', summary: 'say the final message' };
    tasks.push({ ...late, frequency: 'boot', action, ...about });
  }
  if (power !== undefined && power.condition !== false)
    tasks.push({
      ...late,
      ...{ id: 'power_state', key: 'power_state', action: { kind: 'power', power } },
      summary: `${power.mode} when all is set up`,
    });
  return tasks.map(task);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the address of phone_home';
}

function task(about: Omit<CommandTask, 'digest'>): CommandTask {
  return { ...about, digest: createHash('sha256').update(JSON.stringify(about.action)).digest('hex') };
}
