import { setTimeout as sleep } from 'node:timers/promises';
import type { UnixHttp } from './unix-http.ts';
import { bridgeName, type Service, type Workload } from './workload.ts';

/** What the list call tells that the scenarios look at. */
export interface ListedContainer {
  readonly Id: string;
  readonly State: string;
  readonly Status: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** The engine's API used as directly as can be: what no tool can beat. Also the referee: it looks at what the others left. */
export class RawPeer {
  readonly #http: UnixHttp;

  constructor(http: UnixHttp) {
    this.#http = http;
  }

  async list(): Promise<readonly ListedContainer[]> {
    return (await this.#http.call('GET', '/containers/json?all=1')) as readonly ListedContainer[];
  }

  /** Creates the networks, then creates and starts every container, `parallel` at a time. @returns the ids. */
  async converge(workload: Workload, parallel: number): Promise<string[]> {
    for (const name of Object.keys(workload.networks ?? {}))
      await this.#http.call('POST', '/networks/create', { Name: `raw_${name}`, Driver: 'bridge' });
    return inParallel(Object.entries(workload.services), parallel, async ([name, service]) => {
      const created = await this.#http.call('POST', `/containers/create?name=raw-${name}`, containerBody(service));
      const { Id } = created as { Id: string };
      await this.#http.call('POST', `/containers/${Id}/start`);
      return Id;
    });
  }

  /** Creates a container in another one's place, stops that one and starts it. @returns its id, and the seconds. */
  async replace(service: Service, name: string, old: string): Promise<{ id: string; seconds: number }> {
    const start = performance.now();
    const created = await this.#http.call('POST', `/containers/create?name=${name}`, containerBody(service));
    const { Id: id } = created as { Id: string };
    await this.#http.call('POST', `/containers/${old}/stop`);
    await this.#http.call('POST', `/containers/${id}/start`);
    const seconds = (performance.now() - start) / 1000;
    await this.#http.call('DELETE', `/containers/${old}?force=1&v=1`);
    return { id, seconds };
  }

  /** Removes containers, `parallel` at a time, and then the workload's networks. */
  async remove(ids: readonly string[], workload: Workload, parallel: number): Promise<void> {
    await inParallel(ids, parallel, (id) => this.#http.call('DELETE', `/containers/${id}?force=1&v=1`));
    for (const name of Object.keys(workload.networks ?? {})) await this.#http.call('DELETE', `/networks/raw_${name}`);
  }

  /** Removes everything from the engine but its images. */
  async clear(): Promise<void> {
    const ids = (await this.list()).map(({ Id }) => Id);
    await inParallel(ids, 8, (id) => this.#http.call('DELETE', `/containers/${id}?force=1&v=1`));
    await this.#http.call('POST', '/networks/prune');
  }

  /** Throws unless exactly this many containers run now, and there are no others. */
  async expectRunning(count: number, who: string): Promise<readonly ListedContainer[]> {
    const listed = await this.list();
    const running = listed.filter(({ State }) => State === 'running').length;
    if (running !== count || listed.length !== count)
      throw new Error(`${who} left ${listed.length} containers, ${running} of them running, instead of ${count}`);
    return listed;
  }

  /** Waits until exactly this many containers exist and run. */
  async awaitRunning(count: number, who: string): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      try {
        await this.expectRunning(count, who);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(100);
      }
    }
  }

  /** Resolves when this many different containers have become healthy since the call. */
  async awaitHealthy(count: number): Promise<void> {
    const healthy = new Set<string>();
    const filters = encodeURIComponent(JSON.stringify({ event: ['health_status'] }));
    await this.#http.stream('GET', `/events?filters=${filters}`, undefined, (line) => {
      const { Action, Actor } = JSON.parse(line) as { Action: string; Actor: { ID: string } };
      if (Action === 'health_status: healthy') healthy.add(Actor.ID);
      return healthy.size === count;
    });
  }
}

function containerBody(service: Service): object {
  return {
    Image: service.image,
    StopSignal: service.stop_signal,
    HostConfig: { NetworkMode: service.network_mode ?? `raw_${bridgeName}` },
  };
}

/** Runs `work` on every item, so many at a time. Results in the order of the items. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}
