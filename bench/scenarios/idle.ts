import { setTimeout as sleep } from 'node:timers/promises';
import { BerthPeer } from '../berth-peer.ts';
import type { Scenario } from '../scenario.ts';
import { alike } from '../workload.ts';

const count = 100;
const checked = 20;

/** What the agent takes of a processor while nothing happens but health checks. */
export const idle: Scenario = {
  name: 'idle',
  once: true,
  measures: {
    cpu: {
      title: `agent idle with ${count} services, ${checked} of them with a 5 s healthcheck, share of a core over a minute`,
      unit: '%',
      limit: { kind: 'value', most: 0.3 },
    },
  },
  prepare: async (bench) => {
    const { raw, engine, quick } = bench;
    const seconds = quick ? 20 : 60;
    if (quick) bench.note(`idle: ${seconds} seconds instead of a minute (--quick).`);
    const workload = alike(count, 'host', (index) =>
      index < checked ? { healthcheck: { test: ['CMD', 'true'], interval: '5s' } } : {},
    );
    return {
      peers: {
        berth: async () => {
          const berth = await BerthPeer.start(engine);
          await berth.apply(workload);
          await raw.expectRunning(count, 'berth apply');
          await sleep(10_000);
          const before = berth.cpuSeconds();
          await sleep(seconds * 1000);
          const used = berth.cpuSeconds() - before;
          await raw.expectRunning(count, 'idling');
          await berth.stop();
          return { cpu: (used / seconds) * 100 };
        },
      },
      close: async () => Promise.resolve(),
    };
  },
};
