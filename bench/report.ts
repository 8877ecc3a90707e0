import { cpus, totalmem } from 'node:os';
import { misses, type Row, standing, type Unit } from './scenario.ts';

export interface Circumstances {
  readonly date: string;
  readonly engine: string;
  readonly compose: string;
  readonly commit: string;
  readonly notes: readonly string[];
}

const digits: Readonly<Record<Unit, number>> = { s: 3, ms: 2, MB: 1, '%': 2 };
const columns = ['measured', 'compose', 'raw API', 'Berth', 'Berth against', 'limit', ''];

/** The rows for a terminal. */
export function terminalTable(rows: readonly Row[]): string {
  const table = [columns, ...rows.map(cells)];
  const widths = columns.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `bench/RESULTS.md`. */
export function resultsPage(rows: readonly Row[], circumstances: Circumstances): string {
  const { date, engine, compose, commit, notes } = circumstances;
  const [processor] = cpus();
  const line = (cell: readonly string[]): string => `| ${cell.join(' | ')} |`;
  return `${[
    '# Benchmark results',
    '',
    'Written by `npm run bench`. Times are medians; the peers take turns in one run on one engine, and every end state is checked',
    'through the engine’s API before its time counts. Compose’s times are those of its whole process; Berth’s are from the request',
    'at the agent’s socket to its result, or of the whole process where the row says so.',
    '',
    `- Date: ${date}; commit ${commit}`,
    `- Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, a shared virtual machine`,
    `- Docker Engine ${engine}, Docker Compose ${compose}, Node ${process.versions.node}`,
    '',
    line(columns.map((name) => (name === '' ? 'result' : name))),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(cells(row))),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n')}\n`;
}

function cells(row: Row): string[] {
  const { measure, medians } = row;
  const value = (number: number | undefined): string =>
    number === undefined ? '' : `${number.toFixed(digits[measure.unit])} ${measure.unit}`;
  const ratio = (other: number | undefined): string | undefined =>
    other === undefined || medians.berth === undefined ? undefined : (medians.berth / other).toFixed(2);
  const { limit } = measure;
  const ratios = [
    ['compose', ratio(medians.compose)],
    ['raw', ratio(medians.raw)],
  ].flatMap(([name, text]) => (text === undefined ? [] : [`${text} × ${name}`]));
  return [
    measure.title,
    value(medians.compose),
    value(medians.raw),
    value(medians.berth),
    ratios.join(', '),
    limit === undefined
      ? ''
      : limit.kind === 'ratio'
        ? `≤ ${limit.most.toFixed(2)} × ${limit.against}`
        : `≤ ${limit.most} ${measure.unit}`,
    standing(row) === undefined ? '' : misses(row) ? 'MISSED' : 'kept',
  ];
}
