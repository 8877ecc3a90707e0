import { BerthPeer } from '../berth-peer.ts';
import type { Bench, PeerName, Scenario, Trial } from '../scenario.ts';
import { timed } from '../stopwatch.ts';
import { healthChain } from '../workload.ts';

const length = 10;
const lastService = `s${String(length - 1).padStart(3, '0')}`;

/** Services in a row, each waiting for the health of the one before. */
export const healthChainScenario: Scenario = {
  name: 'health-chain',
  measures: {
    started: {
      title: `a chain of ${length} health-gated services, until the last one is started`,
      unit: 's',
      limit: { kind: 'ratio', against: 'compose', most: 0.6 },
    },
    healthy: {
      title: `the same chain, until all ${length} are healthy`,
      unit: 's',
      limit: { kind: 'ratio', against: 'compose', most: 0.6 },
    },
  },
  prepare: async (bench) => {
    const peers: Partial<Record<PeerName, Trial>> = {};
    const workload = healthChain(length);
    if (bench.takesPart('compose')) {
      peers.compose = async () => {
        await bench.compose.declare(workload);
        const measured = await untilHealthy(bench, async () => bench.compose.up());
        await bench.compose.down();
        await bench.raw.expectRunning(0, 'compose down');
        return measured;
      };
    }
    const berth = bench.takesPart('berth') ? await BerthPeer.start(bench.engine) : undefined;
    if (berth !== undefined) {
      peers.berth = async () => {
        const measured = await untilHealthy(bench, async () => {
          let started: number | undefined;
          await berth.apply(workload, (event, seconds) => {
            if (event.kind === 'step-done' && event.id.endsWith(`:${lastService}`)) started = seconds;
          });
          if (started === undefined) throw new Error('Berth did not tell when the last service was started');
          return started;
        });
        await berth.apply({ services: {} });
        await bench.raw.expectRunning(0, 'berth apply of nothing');
        return measured;
      };
    }
    return { peers, close: async () => berth?.stop() };
  },
};

/** @param start starts the chain; gives the seconds until the last one was started. */
async function untilHealthy({ raw }: Bench, start: () => Promise<number>): Promise<Record<string, number>> {
  let started = 0;
  const healthy = await timed(async () => {
    const allHealthy = raw.awaitHealthy(length);
    started = await start();
    await allHealthy;
  });
  await raw.expectRunning(length, 'the chain');
  return { started, healthy };
}
