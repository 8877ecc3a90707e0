import { setTimeout as sleep } from 'node:timers/promises';
import { BerthPeer } from '../berth-peer.ts';
import type { Scenario } from '../scenario.ts';
import { alike } from '../workload.ts';

/** The agent's memory when it has nothing to do, and after it has had nothing to do for a long time. */
export const memory: Scenario = {
  name: 'memory',
  once: true,
  measures: {
    twenty: { title: 'agent idle with 20 services, RSS', unit: 'MB' },
    hundred: { title: 'agent idle with 100 services, RSS', unit: 'MB', limit: { kind: 'value', most: 80 } },
    rounds: { title: 'the same after 10,000 rounds, RSS', unit: 'MB' },
    growth: { title: 'growth over the rounds', unit: '%', limit: { kind: 'value', most: 5 } },
  },
  prepare: async (bench) => {
    const { raw, engine, quick } = bench;
    const rounds = quick ? 1000 : 10_000;
    const settleMs = quick ? 5000 : 20_000;
    if (quick) bench.note(`memory: ${rounds} rounds instead of 10,000 (--quick).`);
    const idleWith = async (count: number): Promise<{ berth: BerthPeer; megabytes: number }> => {
      const berth = await BerthPeer.start(engine);
      await berth.apply(alike(count));
      await raw.expectRunning(count, 'berth apply');
      await sleep(settleMs);
      return { berth, megabytes: berth.residentMegabytes() };
    };
    return {
      peers: {
        berth: async () => {
          const small = await idleWith(20);
          await small.berth.stop();
          await raw.clear();
          const large = await idleWith(100);
          for (let round = 0; round < rounds; round += 1) await large.berth.reconcile();
          await sleep(settleMs);
          const after = large.berth.residentMegabytes();
          await raw.expectRunning(100, `${rounds} rounds`);
          await large.berth.stop();
          const growth = Math.max(0, (after / large.megabytes - 1) * 100);
          return { twenty: small.megabytes, hundred: large.megabytes, rounds: after, growth };
        },
      },
      close: async () => Promise.resolve(),
    };
  },
};
