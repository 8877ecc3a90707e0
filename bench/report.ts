import { cpus, totalmem } from 'node:os';
import { type Limit, type Measure, misses, type PeerName, type Row, standing, type Unit } from './scenario.ts';

export interface Circumstances {
  readonly date: string;
  readonly engine: string;
  readonly compose: string;
  readonly commit: string;
  readonly notes: readonly string[];
}

/** A host or program that is measured, as a column of the table. */
export interface Column<Peer extends string> {
  readonly peer: Peer;
  readonly title: string;
}

const digits: Readonly<Record<Unit, number>> = { s: 3, ms: 2, MB: 1, MiB: 0, '%': 2 };

/** The peers of the control plane's benchmark. */
export const controlPlanePeers: readonly Column<PeerName>[] = [
  { peer: 'compose', title: 'compose' },
  { peer: 'raw', title: 'raw API' },
  { peer: 'berth', title: 'Berth' },
];

/** The rows for a terminal. */
export function terminalTable<Peer extends string>(
  rows: readonly Row<Peer>[],
  columns: readonly Column<Peer | 'berth'>[],
): string {
  const table = tableOf(rows, columns);
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The rows as a Markdown table. */
export function markdownTable<Peer extends string>(
  rows: readonly Row<Peer>[],
  columns: readonly Column<Peer | 'berth'>[],
): string {
  const [head = [], ...lines] = tableOf(rows, columns);
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** `bench/RESULTS.md`. */
export function resultsPage(rows: readonly Row[], circumstances: Circumstances): string {
  const { date, engine, compose, commit, notes } = circumstances;
  const [processor] = cpus();
  return `${[
    '# Benchmark results',
    '',
    'Written by `npm run bench`. Times are medians; the peers take turns in one run on one engine, and every end state is checked',
    'through the engine’s API before its time counts. Compose’s times are those of its whole process; Berth’s are from the request',
    'at the agent’s socket to its result, or of the whole process where the row says so.',
    '',
    `- Date: ${date}; commit ${commit}`,
    `- Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, a shared virtual machine`,
    `- Docker Engine ${engine} on cgroup v2, as on Berth’s image, Docker Compose ${compose}, Node ${process.versions.node}`,
    '',
    markdownTable(rows, controlPlanePeers),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n')}\n`;
}

function tableOf<Peer extends string>(
  rows: readonly Row<Peer>[],
  columns: readonly Column<Peer | 'berth'>[],
): string[][] {
  const others = columns.filter((column): column is Column<Peer> => column.peer !== 'berth');
  const head = ['measured', ...columns.map(({ title }) => title), 'Berth against', 'limit', 'result'];
  const lines = rows.map((row) => {
    const { measure, medians } = row;
    const ratios = others.flatMap(({ peer, title }) => {
      const value = medians[peer];
      return value === undefined || medians.berth === undefined
        ? []
        : [`${(medians.berth / value).toFixed(2)} × ${title}`];
    });
    return [
      measure.title,
      ...columns.map(({ peer }) => shown(medians[peer], measure)),
      ratios.join(', '),
      limitText(measure.limit, measure.unit),
      standing(row) === undefined ? '' : misses(row) ? 'MISSED' : 'kept',
    ];
  });
  return [head, ...lines];
}

function shown(value: number | undefined, { unit, decimals }: Pick<Measure, 'unit' | 'decimals'>): string {
  return value === undefined ? '' : `${value.toFixed(decimals ?? digits[unit])} ${unit}`;
}

function limitText(limit: Limit<string> | undefined, unit: Unit): string {
  if (limit === undefined) return '';
  return limit.kind === 'ratio' ? `≤ ${limit.most.toFixed(2)} × ${limit.against}` : `≤ ${limit.most} ${unit}`;
}
