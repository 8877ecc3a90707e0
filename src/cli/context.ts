import type { AgentOptions } from '../agent/agent-service.ts';
import type { Clock } from '../core/clock.ts';
import type { Rollout } from '../update/feed/feed.ts';
import { AgentClient } from './client.ts';
import type { Output } from './output.ts';
import { createStyle, type Style } from './style.ts';

/** Everything a command may touch of the process it runs in. */
export interface CliContext {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborts when the person presses Ctrl-C or the process is told to end. */
  readonly signal: AbortSignal;
  /** The folder with package.json, cloud-config/ and system-containers/. */
  readonly projectDirectory: string;
  /** How this program is called, for hints: `./berth`. */
  readonly program: string;
  /** Runs the daemon until the signal. */
  readonly runAgent: (options: AgentOptions) => Promise<number>;
  /** How to run this program again: the interpreter and its arguments. */
  readonly self: readonly string[];
  /** Calls back when the terminal changes its size. */
  readonly onResize?: (listener: () => void) => void;
}

/** Every option of every command: what the parser hands over. */
export interface Flags {
  readonly socket?: string;
  readonly json?: boolean;
  readonly color?: boolean;
  readonly strict?: boolean;
  readonly dialect?: string;
  readonly explain?: boolean;
  readonly detailedExitcode?: boolean;
  readonly generation?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly destroy?: readonly string[];
  readonly follow?: boolean;
  readonly lines?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly timestamps?: boolean;
  readonly dot?: boolean;
  readonly manual?: boolean;
  readonly reason?: string;
  readonly image?: string;
  readonly images?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly tty?: boolean;
  readonly subject?: string;
  readonly local?: boolean;
  readonly state?: string;
  readonly run?: string;
  readonly config?: string;
  readonly engine?: string;
  readonly arch?: string;
  readonly kernel?: string;
  readonly fast?: boolean;
  readonly locked?: boolean;
  readonly version?: string;
  readonly format?: readonly string[];
  readonly out?: string;
  readonly signKey?: string;
  readonly signCert?: string;
  readonly updateRoot?: string;
  readonly updateFeed?: string;
  readonly updateChannel?: string;
  readonly vm?: string;
  readonly name?: string;
  /** Bytes. */
  readonly memory?: number;
  readonly cpus?: number;
  /** Bytes. */
  readonly diskSize?: number;
  readonly disk?: readonly string[];
  readonly seed?: string;
  readonly secureBoot?: boolean;
  readonly force?: boolean;
  readonly key?: readonly string[];
  readonly keys?: string;
  readonly signer?: readonly string[];
  readonly channel?: string;
  readonly channels?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly rollout?: Rollout;
  readonly barrier?: boolean;
  readonly urgent?: boolean;
  readonly sequence?: number;
  readonly minimumVersion?: string;
  readonly previous?: readonly string[];
  readonly export?: string;
  readonly import?: string;
  readonly request?: string;
  readonly role?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly threshold?: number;
  readonly channelThreshold?: number;
  readonly root?: string;
  readonly only?: string;
  readonly hostId?: string;
  /** Milliseconds since the epoch. */
  readonly until?: number;
  /** Seconds. */
  readonly for?: number;
  readonly stageOnly?: boolean;
  readonly plan?: boolean;
  readonly filesDir?: string;
  readonly pretty?: boolean;
}

/** What a command gets: the process, its options, and ways to the agent and to the person. */
export interface Cli {
  readonly context: CliContext;
  readonly flags: Flags;
  readonly style: Style;
  readonly client: AgentClient;
  /** For ledger entries: what was typed. */
  readonly operator: { readonly who: string; readonly command: string };
  print(text: string): void;
  printJson(value: unknown): void;
}

/** @returns the exit code: 0 done, 1 failed or refused, 2 wrong usage, 3 there is something to do. */
export type Command = (cli: Cli, args: readonly string[]) => Promise<number>;

/** Puts a command's surroundings together. */
export function createCli(context: CliContext, flags: Flags, command: string, socket: string): Cli {
  const { stdout, env } = context;
  return {
    context,
    flags,
    style: createStyle(stdout, env, flags.color !== false),
    client: new AgentClient(socket, context.program),
    operator: { who: env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? 'root', command },
    print: (text) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    printJson: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY === true ? 2 : undefined)}\n`),
  };
}
