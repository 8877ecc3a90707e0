import type { Bench, Measure, PeerName, Prepared, Row, Scenario } from './scenario.ts';
import { median } from './stopwatch.ts';

type Values = Partial<Record<PeerName, number[]>>;

/**
 * Runs a scenario: one run of each peer that does not count (files are read from the disk, caches fill), then the peers in
 * turn, a different one first each time. @returns a row for each measure.
 */
export async function runScenario(
  scenario: Scenario,
  bench: Bench,
  runs: number,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<Row[]> {
  progress(`${scenario.name}: preparing`);
  await bench.raw.clear();
  const prepared = await scenario.prepare(bench);
  const counted = scenario.once === true ? 1 : runs;
  const values = new Map<string, Values>();
  try {
    const peers = Object.entries(prepared.peers) as [PeerName, NonNullable<Prepared['peers'][PeerName]>][];
    for (let run = scenario.once === true ? 1 : 0; run <= counted; run += 1) {
      for (let turn = 0; turn < peers.length; turn += 1) {
        const [peer, trial] = peers[(run + turn) % peers.length] ?? [];
        if (peer === undefined || trial === undefined || !bench.takesPart(peer)) continue;
        signal.throwIfAborted();
        const measured = await trial();
        progress(`${scenario.name}: ${run === 0 ? 'warm-up' : `run ${run}/${counted}`} ${peer} ${show(measured)}`);
        if (run > 0) collect(values, peer, measured);
      }
    }
  } finally {
    await prepared.close();
    await bench.raw.clear();
  }
  return Object.entries(scenario.measures).map(([name, measure]) => toRow(measure, values.get(name) ?? {}));
}

function collect(values: Map<string, Values>, peer: PeerName, measured: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(measured)) {
    const lists = values.get(name) ?? {};
    lists[peer] = [...(lists[peer] ?? []), value];
    values.set(name, lists);
  }
}

function toRow(measure: Measure, values: Values): Row {
  const medians = Object.fromEntries(Object.entries(values).map(([peer, list]) => [peer, median(list)]));
  return { measure, medians };
}

function show(measured: Readonly<Record<string, number>>): string {
  return Object.entries(measured)
    .map(([name, value]) => `${name}=${value.toPrecision(3)}`)
    .join(' ');
}
