/** Arguments for the kernel, beside those of the release. */
export interface KernelArgumentsConfig {
  /** In this order behind the release's own. */
  readonly present: readonly string[];
  /** Not to be there, word by word. */
  readonly absent: readonly string[];
}

export interface ArgumentFault {
  readonly why: string;
  readonly hint: string;
}

/** The kernel takes 2,048 characters on amd64: `COMMAND_LINE_SIZE`. The release's own are some hundred. */
export const longestArguments = 1024;

/** What boots this host, and what tells it where its config is. */
const ownNames: ReadonlySet<string> = new Set([
  ...['init', 'rdinit', 'initrd', 'noinitrd', 'root', 'rootfstype', 'rootflags', 'ro', 'rw', 'panic', '--'],
  ...['ds', 'network-config', 'cloud-config-url', 'end_cc'],
]);
const ownPrefixes = ['berth.', 'ignition.', 'cc:'] as const;

/** Why a text cannot be an argument of this host's kernel; undefined: it can. Pure. */
export function argumentFault(argument: string): ArgumentFault | undefined {
  const words = argumentWords(argument);
  // A word of the boot loader's file does not begin with a quote: both ends of a line would be taken for quotes around all of it.
  const isPlain = /^[ -~]+$/.test(argument) && words?.every((word) => /^[A-Za-z0-9_-]/.test(word)) === true;
  if (!isPlain || words.length === 0 || argument.length > longestArguments)
    return {
      why: `${JSON.stringify(shortened(argument))} is no kernel argument`,
      hint: `NAME or NAME=VALUE in ASCII, with double quotes around spaces, ${longestArguments} characters at most`,
    };
  // Berth's own readers know no quotes.
  const own = [...words, ...argument.split(/[\s"]+/)].find(isOwn);
  if (own === undefined) return undefined;
  return {
    why: `${JSON.stringify(shortened(own))} is Berth's own to set: it decides what boots, or where the config comes from`,
    hint: 'leave it out',
  };
}

/** Words as the kernel takes them apart: at spaces that are not within double quotes. @returns undefined when a quote is open. Pure. */
export function argumentWords(text: string): string[] | undefined {
  if ((text.match(/"/g) ?? []).length % 2 !== 0) return undefined;
  return text.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}

function isOwn(word: string): boolean {
  const [name = ''] = word.split('=');
  return ownNames.has(name) || ownPrefixes.some((prefix) => name.startsWith(prefix));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
