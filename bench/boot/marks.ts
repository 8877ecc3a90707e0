import type { StampedLine } from './console-watch.ts';
import { serviceNames } from './services.ts';

/** The moments of a boot that both hosts, or one of them, show on the console. */
export type MarkName =
  | 'kernel'
  | 'initrd'
  | 'first-process'
  | 'engine-started'
  | 'agent'
  | 'cloud-init'
  | 'engine'
  | 'first-service'
  | 'all-services';

/** Seconds since the start of QEMU. */
export type Marks = Readonly<Partial<Record<MarkName, number>>>;

/** Reads the marks of a boot out of what the console said so far. @param startedAt when QEMU started. Pure. */
export type ReadMarks = (lines: readonly StampedLine[], startedAt: number) => Marks;

/** What Berth's own console tells, on every host. */
export const berthMarks: ReadMarks = (lines, startedAt) => {
  const mounted = find(lines, /^berth: slot . on \S+ is mounted after ([\d.]+) s, the initrd ran from ([\d.]+) s/);
  const started = find(lines, /^berth: the system engine starts after ([\d.]+) s, init ran from ([\d.]+) s/);
  return since(startedAt, {
    kernel: before(mounted, number(mounted, 1)),
    initrd: before(mounted, number(mounted, 1) - number(mounted, 2)),
    'first-process': before(started, number(started, 1) - number(started, 2)),
    'engine-started': started?.at,
    agent: find(lines, /^berth: config: /)?.at,
    engine: find(lines, /^berth: engine system: running/)?.at,
    ...serviceMarks(lines, /^berth: service (\S+): healthy$/),
  });
};

/** What Debian says, and the watcher that is added to it ({@link peerFiles}). */
export const peerMarks: ReadMarks = (lines, startedAt) => {
  const engine = find(lines, /^bench: the engine answers after ([\d.]+) s/);
  return since(startedAt, {
    kernel: before(engine, number(engine, 1)),
    initrd: find(lines, /^Loading, please wait/)?.at,
    'first-process': find(lines, /^Welcome to Debian/)?.at,
    'cloud-init': find(lines, /Cloud-init v\. /)?.at,
    'engine-started': find(lines, /Starting docker\.service/)?.at,
    engine: engine?.at,
    ...serviceMarks(lines, /^bench: (\S+) is healthy$/),
  });
};

/** When the first and the last of the services was said to be healthy, each counted once. */
function serviceMarks(
  lines: readonly StampedLine[],
  pattern: RegExp,
): Pick<Record<MarkName, number | undefined>, 'first-service' | 'all-services'> {
  const healthy = new Map<string, number>();
  for (const { at, text } of lines) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined && serviceNames.includes(name) && !healthy.has(name)) healthy.set(name, at);
  }
  const times = [...healthy.values()];
  return { 'first-service': times[0], 'all-services': times.length === serviceNames.length ? times.at(-1) : undefined };
}

interface Found {
  readonly at: number;
  readonly match: RegExpExecArray;
}

function find(lines: readonly StampedLine[], pattern: RegExp): Found | undefined {
  for (const { at, text } of lines) {
    const match = pattern.exec(text);
    if (match !== null) return { at, match };
  }
  return undefined;
}

function number(found: Found | undefined, group: number): number {
  return Number(found?.match[group]);
}

function before(found: Found | undefined, seconds: number): number | undefined {
  return found === undefined ? undefined : found.at - seconds;
}

function since(startedAt: number, moments: Readonly<Partial<Record<MarkName, number | undefined>>>): Marks {
  return Object.fromEntries(
    Object.entries(moments).flatMap(([name, at]) => (at === undefined ? [] : [[name, at - startedAt]])),
  );
}
