import type { CommandConfig } from './commands-config.ts';
import type { Place } from './place.ts';

/** Programs that commands of other systems' configs begin with, and that Berth's image never has. */
const missing: readonly { readonly names: readonly string[]; readonly why: string; readonly hint: string }[] = [
  {
    names: [
      'systemctl',
      'journalctl',
      'hostnamectl',
      'timedatectl',
      'localectl',
      'networkctl',
      'resolvectl',
      'service',
    ],
    why: 'there is no systemd',
    hint: 'run the program as a service under berth.services; names, clock and network have keys of their own',
  },
  {
    names: ['apt', 'apt-get', 'dpkg', 'yum', 'dnf', 'rpm', 'zypper', 'apk', 'snap', 'rpm-ostree'],
    why: 'no packages can be installed on a read-only image',
    hint: 'run the program as a service under berth.services',
  },
  {
    names: ['netplan', 'nmcli', 'ifup', 'ifdown'],
    why: "Berth's own network controller is told by the config only",
    hint: 'write it under berth.network',
  },
  { names: ['sudo'], why: 'commands run as root already', hint: 'leave "sudo" out' },
];

/** Reports a command that begins with a program of {@link missing}, or has one behind an `&&`. */
export function warnOfMissingProgram(command: CommandConfig, place: Place): void {
  for (const name of programsOf(command)) {
    const found = missing.find(({ names }) => names.includes(name));
    if (found === undefined) continue;
    place.warn('unsupported', `begins with "${name}", which Berth does not have: ${found.why}`, found.hint, 'value');
    return;
  }
}

function programsOf(command: CommandConfig): string[] {
  const text = command.kind === 'shell' ? command.text : shellText(command.args);
  const words = text === undefined && command.kind === 'program' ? command.args.slice(0, 1) : firstWords(text ?? '');
  return words.map((word) => word.split('/').at(-1) ?? word);
}

/** `sh -c TEXT` is as good as the text. */
function shellText([program = '', option, text]: readonly string[]): string | undefined {
  return /(^|\/)(ba|da)?sh$/.test(program) && /^-\w*c$/.test(option ?? '') ? text : undefined;
}

function firstWords(text: string): string[] {
  return text.split('&&').flatMap((part) => /^\s*([\w./+-]+)(?=\s|$)/.exec(part)?.[1] ?? []);
}
