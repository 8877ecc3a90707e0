import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type {
  ContainerConfig,
  ContainerEngine,
  EngineEvent,
  NetworkCreate,
} from '../../src/engine/container-engine.ts';
import { contractLabel, plainContainer } from './plain-container.ts';

/** An engine to hold to the port's promises. */
export interface EngineUnderTest {
  readonly engine: ContainerEngine;
  /** Reference of an image that is there and has a program that runs on. */
  readonly image: string;
}

const plainNetwork: NetworkCreate = {
  driver: 'bridge',
  driverOptions: {},
  labels: { [contractLabel]: 'yes' },
  internal: false,
  attachable: false,
  enableIpv6: false,
  ipam: [],
};

/**
 * The promises of {@link ContainerEngine}, kept by every adapter and by the engine in memory alike. They use containers,
 * networks and volumes with {@link contractLabel} only, and leave none behind.
 */
export function containerEngineContract(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the engine contract`, () => {
    let engine: ContainerEngine;
    let image: string;

    beforeEach(async () => {
      ({ engine, image } = await make());
    });

    afterEach(async () => {
      for (const { id } of await engine.listContainers(contractLabel)) await engine.removeContainer(id);
      for (const network of await engine.listNetworks(contractLabel)) await engine.removeNetwork(network.name);
      for (const volume of await engine.listVolumes(contractLabel)) await engine.removeVolume(volume.name);
    });

    const create = (containerName: string, changes: Partial<ContainerConfig> = {}) =>
      engine.createContainer(containerName, plainContainer(image, changes));
    const stateOf = async (id: string) => (await engine.inspectContainer(id))?.state;

    test('it tells its name and versions', async () => {
      const info = await engine.info();
      expect(info.version).toMatch(/^\d+\.\d+/);
      expect(info.apiVersion).toMatch(/^1\.\d+$/);
      expect(info.runtimes).toContain('runc');
    });

    test('of several labels, all must be there', async () => {
      const labels = { [contractLabel]: 'yes', other: 'a' };
      const id = await create('contract-labels', { labels });
      await create('contract-other', { labels: { [contractLabel]: 'yes', other: 'b' } });
      const found = await engine.listContainers([`${contractLabel}=yes`, 'other=a']);
      expect(found.map((container) => container.id)).toEqual([id]);
    });

    test('a created container is listed by its label, with its name, image and labels', async () => {
      const id = await create('contract-listed');
      expect(await engine.listContainers(`${contractLabel}=yes`)).toMatchObject([
        {
          id,
          name: 'contract-listed',
          image,
          labels: { [contractLabel]: 'yes' },
          state: 'created',
          health: 'none',
          ports: [],
        },
      ]);
    });

    test.each([
      { filter: contractLabel, expected: ['contract-a', 'contract-b'] },
      { filter: `${contractLabel}=yes`, expected: ['contract-a'] },
      { filter: `${contractLabel}=no`, expected: [] },
      { filter: 'berth.test.nobody', expected: [] },
    ])('the filter $filter lists $expected', async ({ filter, expected }) => {
      await create('contract-a');
      await create('contract-b', { labels: { [contractLabel]: 'other=value' } });
      const listed = await engine.listContainers(filter);
      expect(listed.map((container) => container.name).sort()).toEqual(expected);
    });

    test('an image has the same id in a container and in the image list', async () => {
      await create('contract-image');
      const [listed] = await engine.listContainers(contractLabel);
      expect((await engine.inspectImage(image))?.id).toBe(listed?.imageId);
      expect((await engine.listImages()).find(({ id }) => id === listed?.imageId)?.references).toContain(image);
    });

    test('a started container runs, and starting it again changes nothing', async () => {
      const id = await create('contract-started');
      await engine.startContainer(id);
      const first = await engine.inspectContainer(id);
      await engine.startContainer(id);
      expect(first).toMatchObject({ state: 'running', oomKilled: false, restartCount: 0 });
      expect(first?.pid).toBeGreaterThan(0);
      expect(await engine.inspectContainer(id)).toMatchObject({ pid: first?.pid, startedAt: first?.startedAt });
    });

    test('a container is found by its name, too', async () => {
      const id = await create('contract-named');
      expect((await engine.inspectContainer('contract-named'))?.id).toBe(id);
    });

    test('a stopped container has exited, and stopping it again changes nothing', async () => {
      const id = await create('contract-stopped');
      await engine.startContainer(id);
      await engine.stopContainer(id, 0);
      await engine.stopContainer(id, 0);
      expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 137, pid: 0 });
    });

    test('a vacated container makes room for a successor, and has exited when its name is taken', async () => {
      const id = await create('contract-vacated');
      await engine.startContainer(id);
      const successor = await create('contract-successor');
      await engine.vacateContainer(id, 0);
      await engine.startContainer(successor);
      await engine.renameContainer(id, 'contract-retired');
      expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 137, pid: 0 });
      expect(await stateOf(successor)).toBe('running');
      await engine.vacateContainer(id, 0);
      await engine.vacateContainer('contract-absent', 0);
    });

    test('a stopped container can be started again', async () => {
      const id = await create('contract-again');
      await engine.startContainer(id);
      await engine.stopContainer(id, 0);
      await engine.startContainer(id);
      expect(await stateOf(id)).toBe('running');
    });

    test('a removed container is gone, running or not, and removing it again changes nothing', async () => {
      const running = await create('contract-running');
      const created = await create('contract-created');
      await engine.startContainer(running);
      for (const id of [running, created, running]) await engine.removeContainer(id);
      expect(await engine.listContainers(contractLabel)).toEqual([]);
      expect(await engine.inspectContainer(running)).toBeUndefined();
    });

    test('stopping, killing and removing what is absent is no error', async () => {
      await engine.stopContainer('contract-absent', 0);
      await engine.killContainer('contract-absent');
      await engine.removeContainer('contract-absent');
      await engine.removeNetwork('contract-absent');
      await engine.removeVolume('contract-absent');
      await engine.removeImage('contract-absent:1');
      expect(await engine.inspectContainer('contract-absent')).toBeUndefined();
      expect(await engine.inspectImage('contract-absent:1')).toBeUndefined();
    });

    test('starting what is absent throws NOT_FOUND', async () => {
      await expect(engine.startContainer('contract-absent')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('a taken name throws ENGINE_CONFLICT', async () => {
      await create('contract-taken');
      await expect(create('contract-taken')).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
    });

    test('a missing image throws IMAGE_NOT_FOUND', async () => {
      await expect(create('contract-imageless', { image: 'contract-absent:1' })).rejects.toMatchObject({
        code: 'IMAGE_NOT_FOUND',
      });
    });

    test('a renamed container keeps its id, frees its old name, and renaming it again changes nothing', async () => {
      const id = await create('contract-old');
      await engine.renameContainer(id, 'contract-new');
      await engine.renameContainer(id, 'contract-new');
      expect((await engine.inspectContainer(id))?.name).toBe('contract-new');
      await create('contract-old');
    });

    test('a rename to a taken name throws ENGINE_CONFLICT', async () => {
      const id = await create('contract-one');
      await create('contract-two');
      await expect(engine.renameContainer(id, 'contract-two')).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
    });

    test('a network is listed by its label, and creating it again changes nothing', async () => {
      await engine.createNetwork('contract-net', plainNetwork);
      await engine.createNetwork('contract-net', plainNetwork);
      expect(await engine.listNetworks(`${contractLabel}=yes`)).toMatchObject([
        { name: 'contract-net', labels: { [contractLabel]: 'yes' } },
      ]);
      expect(await engine.listNetworks(`${contractLabel}=no`)).toEqual([]);
    });

    test('a network of another owner with the same name throws ENGINE_CONFLICT', async () => {
      await engine.createNetwork('contract-net', plainNetwork);
      const other = { ...plainNetwork, labels: { [contractLabel]: 'other' } };
      await expect(engine.createNetwork('contract-net', other)).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
    });

    test('a network in use is not removed', async () => {
      await engine.createNetwork('contract-net', plainNetwork);
      const id = await create('contract-member', {
        networkMode: 'contract-net',
        networks: [{ name: 'contract-net', aliases: [] }],
      });
      await engine.startContainer(id);
      await expect(engine.removeNetwork('contract-net')).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
      await engine.removeContainer(id);
      await engine.removeNetwork('contract-net');
      expect(await engine.listNetworks(contractLabel)).toEqual([]);
    });

    test('a container on an absent network does not come up', async () => {
      const comeUp = async () => {
        const id = await create('contract-lost', {
          networkMode: 'contract-absent',
          networks: [{ name: 'contract-absent', aliases: [] }],
        });
        await engine.startContainer(id);
      };
      await expect(comeUp()).rejects.toMatchObject({ code: 'ENGINE_REFUSED' });
    });

    test('a volume is listed by its label, and creating it again changes nothing', async () => {
      const volume = { driver: 'local', driverOptions: {}, labels: { [contractLabel]: 'yes' } };
      await engine.createVolume('contract-volume', volume);
      await engine.createVolume('contract-volume', volume);
      expect(await engine.listVolumes(`${contractLabel}=yes`)).toEqual([
        { name: 'contract-volume', labels: { [contractLabel]: 'yes' } },
      ]);
      await engine.removeVolume('contract-volume');
      expect(await engine.listVolumes(contractLabel)).toEqual([]);
    });

    test('a volume in use is not removed', async () => {
      await engine.createVolume('contract-volume', {
        driver: 'local',
        driverOptions: {},
        labels: { [contractLabel]: 'yes' },
      });
      const id = await create('contract-user', {
        mounts: [{ type: 'volume', source: 'contract-volume', target: '/data', readOnly: false }],
      });
      await expect(engine.removeVolume('contract-volume')).rejects.toMatchObject({ code: 'ENGINE_CONFLICT' });
      await engine.removeContainer(id);
      await engine.removeVolume('contract-volume');
    });

    test('an image gets one more name, and a name another image', async () => {
      const { id = '' } = (await engine.inspectImage(image)) ?? {};
      for (const reference of ['contract-named:1', 'localhost:5000/contract/named:1']) {
        await engine.tagImage(id, reference);
        await engine.tagImage(id, reference);
        expect(await engine.inspectImage(reference)).toMatchObject({ id });
        await engine.removeImage(reference);
        expect(await engine.inspectImage(reference)).toBeUndefined();
      }
      expect(await engine.inspectImage(image)).toMatchObject({ id });
    });

    test('a name for an image that is not there throws IMAGE_NOT_FOUND', async () => {
      const absent = `sha256:${'0'.repeat(64)}`;
      await expect(engine.tagImage(absent, 'contract-named:1')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    });

    test('an image in use is not removed', async () => {
      await engine.startContainer(await create('contract-user'));
      await expect(engine.removeImage((await engine.inspectImage(image))?.id ?? '')).rejects.toMatchObject({
        code: 'ENGINE_CONFLICT',
      });
    });

    test('a taken port throws PORT_TAKEN, which passes when its holder goes', async () => {
      const ports = [{ containerPort: '80/tcp', hostIp: '127.0.0.1', hostPort: '48080' }];
      const holder = await create('contract-holder', { networkMode: 'bridge', ports });
      const waiter = await create('contract-waiter', { networkMode: 'bridge', ports });
      await engine.startContainer(holder);
      await expect(engine.startContainer(waiter)).rejects.toMatchObject({ code: 'PORT_TAKEN', retryable: true });
      await engine.removeContainer(holder);
      await engine.startContainer(waiter);
      expect((await engine.listContainers(contractLabel))[0]?.ports).toMatchObject([
        { container: 80, host: 48080, protocol: 'tcp' },
      ]);
    });

    test('a watcher hears what happens to a container, in order, until its signal aborts', async () => {
      const stop = new AbortController();
      const events: EngineEvent[] = [];
      let listening = () => {};
      const isListening = new Promise<void>((resolve) => (listening = resolve));
      const watching = engine.watch(
        (event) => {
          events.push(event);
          if (event.action === 'destroy') stop.abort();
        },
        stop.signal,
        listening,
      );
      await isListening;
      const id = await create('contract-watched');
      await engine.startContainer(id);
      await engine.removeContainer(id);
      await watching;
      const heard = events.filter((event) => event.kind === 'container' && event.id === id);
      const story = heard
        .map(({ action }) => action)
        .filter((action) => ['create', 'start', 'die', 'destroy'].includes(action));
      expect(story).toEqual(['create', 'start', 'die', 'destroy']);
      expect(heard[0]?.attributes).toMatchObject({ name: 'contract-watched', [contractLabel]: 'yes' });
    });
  });
}
