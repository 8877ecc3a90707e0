/** A line of a list of commands: text for the shell, or a program with its arguments, taken as they are. */
export type CommandConfig =
  | { readonly kind: 'shell'; readonly text: string }
  | { readonly kind: 'program'; readonly args: readonly string[] };

/**
 * When a script runs. At every boot: `hook` (before everything else), `boot`. Once per instance: `vendor`, `instance`, `user`.
 * `once`: once on this disk.
 */
export type ScriptTime = 'hook' | 'vendor' | 'once' | 'boot' | 'instance' | 'user';

export interface ScriptConfig {
  /** Also decides the order among scripts of one time. */
  readonly name: string;
  readonly time: ScriptTime;
  readonly contentBase64: string;
}

/** What a host runs besides services, on its own `/usr`. */
export interface CommandsConfig {
  /** Run in one shell at every boot, before files are written. */
  readonly early: readonly CommandConfig[];
  /** Run in one shell once per instance, when everything else is set up. */
  readonly late: readonly CommandConfig[];
  readonly scripts: readonly ScriptConfig[];
  /** Program, with arguments, that runs the vendor's scripts. */
  readonly vendorPrefix: readonly string[];
  readonly phoneHome?: PhoneHomeConfig;
  /** Text for the console at the end of every boot, with cloud-init's variables. */
  readonly finalMessage?: string;
  readonly power?: PowerConfig;
}

export const phoneHomeFields = [
  'pub_key_rsa',
  'pub_key_ecdsa',
  'pub_key_ed25519',
  'instance_id',
  'hostname',
  'fqdn',
] as const;
export type PhoneHomeField = (typeof phoneHomeFields)[number];

/** Who is told, once per instance, that the host is set up. */
export interface PhoneHomeConfig {
  /** `$INSTANCE_ID` in it is replaced. */
  readonly url: string;
  readonly post: readonly PhoneHomeField[];
  readonly tries: number;
}

/** What becomes of the machine, once per instance, when everything is set up. */
export interface PowerConfig {
  readonly mode: 'poweroff' | 'reboot' | 'halt';
  readonly delayMinutes: number;
  readonly message?: string;
  /** Seconds that whatever still runs is waited for. */
  readonly timeoutSeconds: number;
  /** False: nothing happens. A command: only when it ends with 0. */
  readonly condition: boolean | CommandConfig;
}

/** A host that runs nothing. */
export const noCommands: CommandsConfig = { early: [], late: [], scripts: [], vendorPrefix: [] };
