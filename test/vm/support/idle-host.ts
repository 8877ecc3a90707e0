import type { SerialShell } from './serial-shell.ts';

/** What a host is like when it has nothing to do. */
export interface IdleHost {
  /** MemTotal − MemAvailable, in MiB. */
  readonly usedMebibytes: number;
  /** Programs that run outside the kernel, one entry for each process, sorted. */
  readonly processes: readonly string[];
  /** `tcp 22`, `udp 127.0.0.1:323`: what is listened on; an address where it is not every one. Sorted. */
  readonly ports: readonly string[];
}

/** Looks, through a root shell, which does not count. */
export async function lookAtIdleHost(shell: SerialShell): Promise<IdleHost> {
  return {
    usedMebibytes: usedMebibytes(await shell.output('cat /proc/meminfo')),
    processes: programs(
      await shell.output(
        `for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || { tr '\\0' '\\n' < $p/cmdline | head -n 4 | tr '\\n' ' '; echo; }; done 2> /dev/null`,
      ),
    ),
    ports: [
      ...sockets('tcp', await shell.output('cat /proc/net/tcp /proc/net/tcp6')),
      ...sockets('udp', await shell.output('cat /proc/net/udp /proc/net/udp6')),
    ],
  };
}

/** What is there more often than it is allowed to be. Pure. */
export function beyond(found: readonly string[], allowed: readonly string[]): string[] {
  const left = [...allowed];
  return found.filter((one) => {
    const place = left.indexOf(one);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

/** From the text of /proc/meminfo. Pure. */
export function usedMebibytes(meminfo: string): number {
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]);
  return (kibibytes('MemTotal') - kibibytes('MemAvailable')) / 1024;
}

const interpreters: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash', 'node', 'python3', 'perl', 'busybox']);

/**
 * Names of programs from their command lines, one a line; kernel threads have none. A script goes by its own name, a
 * shell's command line by the shell's. Pure.
 */
export function programs(commandLines: string): string[] {
  return commandLines
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([program]) => program !== '')
    .map(([program = '', ...words]) => {
      const name = baseName(program.replace(/^-/, '').replace(/:$/, ''));
      const script = words.find((word) => !word.startsWith('-'));
      return interpreters.has(name) && script?.startsWith('/') === true ? baseName(script) : name;
    })
    .toSorted();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** States of proc_net(5) in which a socket waits for others: TCP's LISTEN, and UDP's without a peer. */
const waiting = { tcp: '0A', udp: '07' } as const;

/** The sockets that wait, from the texts of /proc/net/tcp and its like. Pure. */
export function sockets(protocol: 'tcp' | 'udp', text: string): string[] {
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    const [, address = '', port = '', state] =
      /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F:]+ ([0-9A-F]{2}) /.exec(line) ?? [];
    if (state !== waiting[protocol]) continue;
    const isAny = /^0+$/.test(address);
    found.add(`${protocol} ${isAny ? '' : `${readable(address)}:`}${Number.parseInt(port, 16)}`);
  }
  return [...found].toSorted();
}

/** The kernel writes an address as words in its own byte order, little-endian on both our architectures. */
function readable(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[2 * index] ?? ''}${bytes[2 * index + 1] ?? ''}`);
  return `[${groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}]`;
}
