import { BerthPeer } from '../berth-peer.ts';
import type { Bench, PeerName, Scenario, Trial } from '../scenario.ts';
import { median, timed } from '../stopwatch.ts';
import { alike, type NetworkKind, type Workload } from '../workload.ts';

const count = 50;
const candidates = [2, 4, 8, 16, count];

/** How many requests at a time serve the plain API best. */
interface Parallelism {
  readonly create: number;
  readonly remove: number;
}

/** Fifty services from nothing, and away again. */
export function converge(network: NetworkKind): Scenario {
  const where = network === 'host' ? 'host network' : 'one bridge';
  return {
    name: `converge-${network}`,
    measures: {
      converge: {
        title: `start ${count} services from nothing, ${where}`,
        unit: 's',
        limit: { kind: 'ratio', against: 'raw', most: 1.1 },
      },
      remove: { title: `remove them, ${where}`, unit: 's' },
    },
    prepare: async (bench) => {
      const workload = alike(count, network);
      const peers: Partial<Record<PeerName, Trial>> = {};
      if (bench.takesPart('compose')) peers.compose = composeTrial(bench, workload);
      if (bench.takesPart('raw')) {
        const best = await findParallelism(bench, workload);
        bench.note(
          `${network}: the raw API was fastest with ${best.create} requests at a time creating and starting, ${best.remove} removing (of ${candidates.join(', ')}).`,
        );
        peers.raw = rawTrial(bench, workload, best);
      }
      const berth = bench.takesPart('berth') ? await BerthPeer.start(bench.engine) : undefined;
      if (berth !== undefined) peers.berth = berthTrial(bench, berth, workload);
      return { peers, close: async () => berth?.stop() };
    },
  };
}

function composeTrial({ raw, compose }: Bench, workload: Workload): Trial {
  return async () => {
    await compose.declare(workload);
    const up = await compose.up();
    await raw.expectRunning(count, 'compose up');
    const down = await compose.down();
    await raw.expectRunning(0, 'compose down');
    return { converge: up, remove: down };
  };
}

function rawTrial({ raw }: Bench, workload: Workload, parallel: Parallelism): Trial {
  return async () => {
    let ids: string[] = [];
    const up = await timed(async () => (ids = await raw.converge(workload, parallel.create)));
    await raw.expectRunning(count, 'the raw API');
    const down = await timed(async () => raw.remove(ids, workload, parallel.remove));
    await raw.expectRunning(0, 'the raw API');
    return { converge: up, remove: down };
  };
}

function berthTrial({ raw }: Bench, berth: BerthPeer, workload: Workload): Trial {
  return async () => {
    const up = await berth.apply(workload);
    await raw.expectRunning(count, 'berth apply');
    const down = await berth.apply({ services: {} });
    await raw.expectRunning(0, 'berth apply of nothing');
    return { converge: up, remove: down };
  };
}

async function findParallelism(bench: Bench, workload: Workload): Promise<Parallelism> {
  const times = candidates.map((parallel) => ({ parallel, create: [] as number[], remove: [] as number[] }));
  for (let run = 0; run < (bench.quick ? 1 : 3); run += 1) {
    for (const { parallel, create, remove } of times) {
      const measured = await rawTrial(bench, workload, { create: parallel, remove: parallel })();
      create.push(measured['converge'] ?? Number.NaN);
      remove.push(measured['remove'] ?? Number.NaN);
    }
  }
  const best = (of: 'create' | 'remove'): number =>
    times.toSorted((a, b) => median(a[of]) - median(b[of]))[0]?.parallel ?? 1;
  return { create: best('create'), remove: best('remove') };
}
