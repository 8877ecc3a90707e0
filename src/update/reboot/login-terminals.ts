/** One line of `ps`, as far as it matters here. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Device number of its terminal; 0: none. */
  readonly terminal: number;
  readonly name: string;
}

/** Where somebody is logged in. */
export interface LoginTerminal {
  /** A process of theirs: the terminal is in its container, and may have the same name as another one's. */
  readonly pid: number;
  /** The kernel's number of the device, as `st_rdev` has it. */
  readonly device: number;
  /** As in /dev/pts. */
  readonly number: number;
}

/** UNIX98_PTY_SLAVE_MAJOR: Documentation/admin-guide/devices.txt of Linux. */
const terminalMajor = 136;
/** Programs that let somebody in over the network. Terminals of other programs are nobody's to write to. */
const doors: ReadonlySet<string> = new Set(['sshd', 'sshd-session', 'dropbear']);

/** Reads /proc/PID/stat: proc_pid_stat(5). Undefined when that is not what it is. Pure. */
export function parseStat(text: string): ProcessFacts | undefined {
  // A name may hold blanks and brackets.
  const end = text.lastIndexOf(')');
  const start = text.indexOf('(');
  const [, parent, , session, terminal] = text
    .slice(end + 2)
    .split(' ')
    .map(Number);
  const pid = Number.parseInt(text, 10);
  if (start < 0 || end < start || Number.isNaN(pid)) return undefined;
  if (parent === undefined || session === undefined || terminal === undefined) return undefined;
  return { pid, parent, session, terminal, name: text.slice(start + 1, end) };
}

/** The terminals of those who came in through SSH. Pure. */
export function loginTerminals(processes: readonly ProcessFacts[]): LoginTerminal[] {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  return processes.flatMap(({ pid, parent, session, terminal }) => {
    const number = (terminal & 0xff) | ((terminal >>> 12) & 0xf_ff00);
    const isTerminal = ((terminal >>> 8) & 0xfff) === terminalMajor;
    const cameIn = pid === session && doors.has(byPid.get(parent)?.name ?? '');
    return isTerminal && cameIn ? [{ pid, device: terminal, number }] : [];
  });
}
