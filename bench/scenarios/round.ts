import { BerthPeer } from '../berth-peer.ts';
import type { PeerName, Scenario, Trial } from '../scenario.ts';
import { median, timed } from '../stopwatch.ts';
import { alike } from '../workload.ts';

const count = 100;
/** Single calls are a few milliseconds: each run takes the middle one of many. */
const calls = 21;

/** Nothing to do with a hundred services: what a round in the agent costs, and a look at the status. */
export const round: Scenario = {
  name: 'round',
  measures: {
    round: {
      title: `nothing to do, ${count} services: a round in the agent, against one container list call`,
      unit: 'ms',
      limit: { kind: 'ratio', against: 'raw', most: 2 },
    },
    status: { title: '`berth status`, whole process', unit: 's', limit: { kind: 'value', most: 0.3 } },
  },
  prepare: async (bench) => {
    const { raw } = bench;
    const workload = alike(count);
    const peers: Partial<Record<PeerName, Trial>> = {};
    peers.raw = async () => ({ round: await middleOf(async () => (await timed(async () => raw.list())) * 1000) });
    if (!bench.takesPart('berth')) {
      await raw.converge(workload, 4);
      return { peers, close: async () => Promise.resolve() };
    }
    const berth = await BerthPeer.start(bench.engine);
    await berth.apply(workload);
    const before = await raw.expectRunning(count, 'berth apply');
    peers.berth = async () => {
      const milliseconds = await middleOf(async () => {
        const { durationMs, steps } = await berth.reconcile();
        if (steps !== 0) throw new Error(`a round found ${steps} steps where nothing is to do`);
        return durationMs;
      });
      const after = await raw.expectRunning(count, 'a round');
      if (after.some(({ Id }, index) => Id !== before[index]?.Id)) throw new Error('a round replaced containers');
      return { round: milliseconds, status: await berth.statusCommand() };
    };
    return { peers, close: async () => berth.stop() };
  },
};

async function middleOf(measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let call = 0; call < calls; call += 1) values.push(await measure());
  return median(values);
}
