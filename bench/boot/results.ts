import type { IdleHost } from '../../test/vm/support/idle-host.ts';
import type { Measure, Row } from '../scenario.ts';
import { median } from '../stopwatch.ts';
import type { HostName } from './hosts.ts';
import type { BootTimes } from './machine.ts';
import type { MarkName } from './marks.ts';
import type { HostRun } from './run.ts';

/** All that was measured. */
export interface BootResults {
  readonly runs: Readonly<Record<HostName, readonly HostRun[]>>;
  /** Berth by way of firmware and boot loader; absent in a short look, as are the sizes. */
  readonly firmware?: Pick<HostRun, 'first' | 'second'>;
  readonly downloadBytes?: Readonly<Record<HostName, number>>;
}

type BootRow = Row<HostName>;

const seconds = { unit: 's', decimals: 1 } as const;
const half = { kind: 'ratio', against: 'debian', most: 0.5 } as const;

/** Each measure: how it is called and limited, and its value in one run. */
const measures: readonly { readonly measure: Measure<HostName>; readonly of: (run: HostRun) => number }[] = [
  {
    measure: { ...seconds, title: 'first boot, power-on until all five services are healthy', limit: half },
    of: ({ first }) => allHealthy(first),
  },
  {
    measure: { ...seconds, title: 'second boot, the same', limit: half },
    of: ({ second }) => allHealthy(second),
  },
  {
    measure: { ...seconds, title: 'QEMU’s processor time until then, first boot' },
    of: ({ first }) => first.processorSeconds,
  },
  {
    measure: { ...seconds, title: 'the same, second boot' },
    of: ({ second }) => second.processorSeconds,
  },
  {
    measure: {
      title: 'memory in use 60 s later (MemTotal − MemAvailable)',
      unit: 'MiB',
      limit: { kind: 'value', most: 250 },
    },
    of: ({ idle }) => idle.usedMebibytes,
  },
  {
    measure: { ...seconds, title: 'power button until off', limit: { kind: 'value', most: 8 } },
    of: ({ shutdowns }) => median(shutdowns),
  },
];

/** The rows of the results. Pure. */
export function bootRows({ runs, downloadBytes }: BootResults): BootRow[] {
  const rows = measures.map(({ measure, of }): BootRow => {
    const ofHost = (name: HostName): number => median(runs[name].map(of));
    return { measure, medians: { debian: ofHost('debian'), berth: ofHost('berth') } };
  });
  if (downloadBytes === undefined) return rows;
  const download: BootRow = {
    measure: { title: 'disk image for download (zstd -19)', unit: 'MB', limit: { kind: 'value', most: 190 } },
    medians: { debian: downloadBytes.debian / 1e6, berth: downloadBytes.berth / 1e6 },
  };
  return [...rows, download];
}

const markTitles: Readonly<Record<MarkName, string>> = {
  kernel: 'kernel',
  initrd: 'initrd',
  'first-process': 'PID 1',
  'engine-started': 'containerd and dockerd are started',
  agent: 'agent: config found',
  'cloud-init': 'cloud-init’s first line',
  engine: 'engine answers',
  'first-service': 'first service healthy',
  'all-services': 'all five healthy',
};

/** What came when, in seconds from power-on: a row for each mark, a column for each kind of boot. Pure. */
export function markTable({ runs, firmware }: BootResults): string[][] {
  const columns: readonly { readonly title: string; readonly boots: readonly BootTimes[] }[] = [
    { title: 'Berth, first', boots: runs.berth.map(({ first }) => first) },
    { title: 'Berth, second', boots: runs.berth.map(({ second }) => second) },
    ...(firmware === undefined
      ? []
      : [
          { title: 'Berth by firmware, first', boots: [firmware.first] },
          { title: 'Berth by firmware, second', boots: [firmware.second] },
        ]),
    { title: 'Debian, first', boots: runs.debian.map(({ first }) => first) },
    { title: 'Debian, second', boots: runs.debian.map(({ second }) => second) },
  ];
  const names = Object.keys(markTitles) as MarkName[];
  return [
    ['seconds', ...columns.map(({ title }) => title)],
    ...names.map((name) => [
      markTitles[name],
      ...columns.map(({ boots }) => {
        const times = boots.flatMap(({ marks }) => marks[name] ?? []);
        return times.length === 0 ? '' : median(times).toFixed(1);
      }),
    ]),
  ];
}

/** The spread of a measure that has a limit, so that medians are not taken for more than they are. Pure. */
export function spreads({ runs }: BootResults): string[] {
  const hosts = [
    ['Berth', runs.berth],
    ['Debian', runs.debian],
  ] as const;
  return hosts.flatMap(([title, list]) =>
    measures
      .filter(({ measure }) => measure.limit !== undefined)
      .map(
        ({ measure, of }) =>
          `${title}, ${measure.title}: ${list.map((run) => of(run).toFixed(1)).join(', ')} ${measure.unit}`,
      ),
  );
}

/** `sshd`, `containerd-shim-runc-v2 × 5`: what runs, and what is listened on. Pure. */
export function idleLists({ processes, ports }: IdleHost): { readonly processes: string; readonly ports: string } {
  const counts = new Map<string, number>();
  for (const name of processes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shown = [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  return { processes: `${processes.length}: ${shown.join(', ')}`, ports: ports.join(', ') };
}

function allHealthy({ marks }: BootTimes): number {
  const at = marks['all-services'];
  if (at === undefined) throw new Error('a boot without its last mark was counted');
  return at;
}
