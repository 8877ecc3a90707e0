/** Commands that ask no agent: `--vm` means nothing to them. */
const ownCommands: ReadonlySet<string> = new Set([
  ...['agent', 'convert', 'down', 'image', 'release', 'up', 'validate', 'vm'],
]);

/** A command to an agent as this person types it: of `os cancel` it makes `./berth --vm demo os cancel`. Pure. */
export function agentCommand(program: string, vm: string | undefined, command: string): string {
  return `${program} ${vm === undefined ? '' : `--vm ${vm} `}${command}`;
}

/** Where a person types: how the program is called there, and which VM was meant. */
export interface Typist {
  readonly program: string;
  readonly vm?: string | undefined;
  /** First words of all commands. */
  readonly commands: ReadonlySet<string>;
}

/** A text with its command lines as this person types them: of `berth os status` it makes `./berth --vm demo os status`. Pure. */
export function asTypedHere(text: string, { program, vm, commands }: Typist): string {
  // Not in a path, and not behind a dash: names of packages and files have the word in them, too.
  return text.replaceAll(/(?<![\w./-])berth (?=([a-z][a-z-]*)\b)/g, (found, command: string) => {
    if (!commands.has(command)) return found;
    return agentCommand(program, ownCommands.has(command) ? undefined : vm, '');
  });
}
