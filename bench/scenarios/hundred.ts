import { BerthPeer } from '../berth-peer.ts';
import type { Bench, PeerName, Scenario, Trial } from '../scenario.ts';
import { alike, type Workload } from '../workload.ts';

const count = 100;
const changeLabel = 'bench.change';

/** A hundred services run already: the same config again, and one with another label on one of them. */
export const hundred: Scenario = {
  name: 'hundred',
  measures: {
    nothing: {
      title: `nothing to do, ${count} services: \`berth apply\` against \`docker compose up -d\`, whole processes`,
      unit: 's',
      limit: { kind: 'ratio', against: 'compose', most: 1 },
    },
    change: {
      title: `1 of ${count} services changed, from the request at the agent's socket`,
      unit: 's',
      limit: { kind: 'ratio', against: 'compose', most: 0.6 },
    },
  },
  prepare: async (bench) => {
    const { raw, compose } = bench;
    const peers: Partial<Record<PeerName, Trial>> = {};
    let total = 0;
    if (bench.takesPart('compose')) {
      await compose.declare(alike(count));
      await compose.up();
      total += count;
    }
    const berth = bench.takesPart('berth') ? await BerthPeer.start(bench.engine) : undefined;
    if (berth !== undefined) {
      await berth.apply(alike(count));
      total += count;
    }
    if (bench.takesPart('raw')) {
      const { services } = alike(1);
      const [service] = Object.values(services);
      if (service === undefined) throw new Error('a workload of one has no service');
      let [current = ''] = await raw.converge({ services }, 1);
      total += 1;
      let changes = 0;
      peers.raw = async () => {
        const { id, seconds } = await raw.replace(service, `raw-change-${(changes += 1)}`, current);
        current = id;
        await raw.awaitRunning(total, 'the raw replacement');
        return { change: seconds };
      };
    }
    await raw.expectRunning(total, 'the preparation');

    if (bench.takesPart('compose')) {
      let current = alike(count);
      let changes = 0;
      peers.compose = async () => {
        await compose.declare(current);
        const nothing = await unchanged(bench, async () => compose.up());
        const mark = `compose-${(changes += 1)}`;
        await compose.declare((current = marked(mark)));
        const change = await compose.up();
        await expectChanged(bench, mark, total, 'compose up');
        return { nothing, change };
      };
    }
    if (berth !== undefined) {
      let current = alike(count);
      let changes = 0;
      peers.berth = async () => {
        await berth.declare(current);
        const nothing = await unchanged(bench, async () => berth.applyCommand());
        const mark = `berth-${(changes += 1)}`;
        const change = await berth.apply((current = marked(mark)));
        await expectChanged(bench, mark, total, 'berth apply');
        return { nothing, change };
      };
    }
    return { peers, close: async () => berth?.stop() };
  },
};

function marked(mark: string): Workload {
  return alike(count, 'host', (index) => (index === 42 ? { labels: { [changeLabel]: mark } } : {}));
}

/** The new one must run and the old one must not, at once; whatever is kept of the old one must be gone soon. */
async function expectChanged({ raw }: Bench, mark: string, total: number, who: string): Promise<void> {
  const running = (await raw.list()).filter(({ State }) => State === 'running');
  const isNew = running.filter(({ Labels }) => Labels[changeLabel] === mark).length === 1;
  if (!isNew || running.length !== total)
    throw new Error(
      `${who} left ${running.length} containers running, the changed one ${isNew ? '' : 'not '}among them`,
    );
  await raw.awaitRunning(total, who);
}

async function unchanged({ raw }: Bench, work: () => Promise<number>): Promise<number> {
  const before = new Set((await raw.list()).map(({ Id }) => Id));
  const seconds = await work();
  const after = await raw.list();
  if (after.length !== before.size || after.some(({ Id, State }) => !before.has(Id) || State !== 'running'))
    throw new Error('containers changed where nothing was to do');
  return seconds;
}
