import { BerthError } from '../../src/core/errors.ts';
import type {
  ContainerConfig,
  ContainerDetails,
  ContainerEngine,
  ContainerState,
  ContainerSummary,
  EngineEvent,
  EngineInfo,
  Health,
  ImageSummary,
  NetworkCreate,
  NetworkSummary,
  VolumeCreate,
  VolumeSummary,
} from '../../src/engine/container-engine.ts';

interface FakeContainer {
  readonly id: string;
  name: string;
  readonly config: ContainerConfig;
  readonly imageId: string;
  readonly createdAt: number;
  state: ContainerState;
  health: Health;
  exitCode: number;
  startedAt: number;
}

/** An engine in memory. It behaves as Docker does (names are unique, ports clash, images must be there). */
export class FakeEngine implements ContainerEngine {
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, NetworkCreate>();
  readonly volumes = new Map<string, VolumeCreate>();
  /** Image id by reference. */
  readonly images = new Map<string, string>();
  /** Ids of images that no reference stands for. */
  readonly unnamed = new Set<string>();
  /** References a registry would serve; pulling another fails. */
  readonly registry = new Map<string, string>();
  /** Every mutating call in order: `start web`. */
  readonly calls: string[] = [];
  isUp = true;
  now = 1_000_000;
  /** Decides how a started container turns out; default: runs (healthy when it has a healthcheck). */
  onStart: (container: { name: string; config: ContainerConfig }) => {
    state: ContainerState;
    health?: Health;
    exitCode?: number;
  } = ({ config }) => ({
    state: 'running',
    health: config.healthcheck === undefined || config.healthcheck.test[0] === 'NONE' ? 'none' : 'healthy',
  });
  #nextId = 1;
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  async info(): Promise<EngineInfo> {
    this.#check();
    return {
      name: 'docker',
      version: '26.1.5',
      apiVersion: '1.45',
      runtimes: ['runc'],
      cgroupVersion: '1',
      rootDirectory: '/nowhere',
    };
  }

  async listContainers(label: string | readonly string[]): Promise<ContainerSummary[]> {
    this.#check();
    return [...this.containers.values()]
      .filter(({ config }) => [label].flat().every((one) => hasLabel(config.labels, one)))
      .map((container) => this.#summary(container));
  }

  async inspectContainer(id: string): Promise<ContainerDetails | undefined> {
    this.#check();
    const container = this.#find(id);
    if (container === undefined) return undefined;
    return {
      ...this.#summary(container),
      pid: container.state === 'running' ? 1000 : 0,
      startedAt: container.startedAt,
      finishedAt: 0,
      oomKilled: false,
      error: '',
      restartCount: 0,
      healthLog: [],
    };
  }

  async createContainer(name: string, config: ContainerConfig): Promise<string> {
    this.#check();
    const imageId = this.images.get(config.image);
    if (imageId === undefined)
      throw new BerthError('IMAGE_NOT_FOUND', `No such image: ${config.image}`, { retryable: true });
    if (this.#find(name) !== undefined)
      throw new BerthError('ENGINE_CONFLICT', `the container name ${name} is already in use`);
    const id = `c${String(this.#nextId++).padStart(63, '0')}`;
    const container: FakeContainer = {
      id,
      name,
      config,
      imageId,
      createdAt: this.now,
      state: 'created',
      health: 'none',
      exitCode: 0,
      startedAt: 0,
    };
    this.containers.set(id, container);
    this.#did('create', name);
    this.#emit(container, 'create');
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#get(id);
    if (container.state === 'running') return;
    for (const network of container.config.networks) {
      if (!this.networks.has(network.name)) throw new BerthError('ENGINE_REFUSED', `network ${network.name} not found`);
    }
    for (const other of this.containers.values()) {
      if (other !== container && other.state === 'running' && clash(other.config.ports, container.config.ports)) {
        throw new BerthError('PORT_TAKEN', 'port is already allocated', { retryable: true });
      }
    }
    const { state, health = 'none', exitCode = 0 } = this.onStart(container);
    Object.assign(container, { state, health, exitCode, startedAt: this.now });
    this.#did('start', container.name);
    this.#emit(container, 'start');
    if (state === 'exited') this.#emit(container, 'die');
  }

  async stopContainer(id: string): Promise<void> {
    const container = this.#find(id);
    this.#check();
    if (container?.state !== 'running') return;
    Object.assign(container, { state: 'exited', exitCode: 137, health: 'none' });
    this.#did('stop', container.name);
    this.#emit(container, 'die');
  }

  async vacateContainer(id: string): Promise<void> {
    await this.stopContainer(id);
  }

  async killContainer(id: string): Promise<void> {
    await this.stopContainer(id);
  }

  async removeContainer(id: string): Promise<void> {
    this.#check();
    const container = this.#find(id);
    if (container === undefined) return;
    if (container.state === 'running') this.#emit(container, 'die');
    this.containers.delete(container.id);
    this.#did('remove', container.name);
    this.#emit(container, 'destroy');
  }

  async renameContainer(id: string, name: string): Promise<void> {
    const container = this.#get(id);
    const present = this.#find(name);
    if (present !== undefined && present !== container)
      throw new BerthError('ENGINE_CONFLICT', `the container name ${name} is already in use`);
    this.#did('rename', `${container.name} ${name}`);
    container.name = name;
  }

  async listNetworks(label: string): Promise<NetworkSummary[]> {
    this.#check();
    return [...this.networks]
      .filter(([, { labels }]) => hasLabel(labels, label))
      .map(([name, { labels }]) => ({ id: name, name, labels }));
  }

  async createNetwork(name: string, network: NetworkCreate): Promise<void> {
    this.#check();
    const present = this.networks.get(name);
    if (present !== undefined && JSON.stringify(present.labels) !== JSON.stringify(network.labels)) {
      throw new BerthError('ENGINE_CONFLICT', `network ${name} is somebody else's`);
    }
    if (present === undefined) this.#did('create-network', name);
    this.networks.set(name, network);
  }

  async removeNetwork(name: string): Promise<void> {
    this.#check();
    const isUsed = [...this.containers.values()].some(
      ({ state, config }) => state === 'running' && config.networks.some((network) => network.name === name),
    );
    if (isUsed) throw new BerthError('ENGINE_CONFLICT', `network ${name} has active endpoints`, { retryable: true });
    if (this.networks.delete(name)) this.#did('remove-network', name);
  }

  async listVolumes(label: string): Promise<VolumeSummary[]> {
    this.#check();
    return [...this.volumes]
      .filter(([, { labels }]) => hasLabel(labels, label))
      .map(([name, { labels }]) => ({ name, labels }));
  }

  async createVolume(name: string, volume: VolumeCreate): Promise<void> {
    this.#check();
    if (!this.volumes.has(name)) this.#did('create-volume', name);
    this.volumes.set(name, volume);
  }

  async removeVolume(name: string): Promise<void> {
    this.#check();
    const isUsed = [...this.containers.values()].some(({ config }) =>
      config.mounts.some(({ type, source }) => type === 'volume' && source === name),
    );
    if (isUsed) throw new BerthError('ENGINE_CONFLICT', `volume ${name} is in use`);
    this.volumes.delete(name);
  }

  async listImages(): Promise<ImageSummary[]> {
    this.#check();
    const named = Map.groupBy([...this.images], ([, id]) => id);
    const ids = [...new Set([...named.keys(), ...this.unnamed])];
    return ids.map((id) => ({
      id,
      references: (named.get(id) ?? []).map(([reference]) => reference),
      digests: [],
      sizeBytes: 1000,
      createdAt: 0,
    }));
  }

  async inspectImage(reference: string): Promise<ImageSummary | undefined> {
    return (await this.listImages()).find(({ id, references }) => id === reference || references.includes(reference));
  }

  async pullImage(reference: string): Promise<void> {
    this.#check();
    const id = this.registry.get(reference);
    if (id === undefined)
      throw new BerthError('IMAGE_PULL_FAILED', `pull of ${reference}: not found`, { retryable: true });
    this.images.set(reference, id);
    this.#did('pull', reference);
  }

  async loadImage(): Promise<string[]> {
    return [];
  }

  async tagImage(id: string, reference: string): Promise<void> {
    this.#check();
    if (!this.unnamed.has(id) && ![...this.images.values()].includes(id))
      throw new BerthError('IMAGE_NOT_FOUND', `there is no image ${id}`);
    const before = this.images.get(reference);
    if (before !== undefined) this.unnamed.add(before);
    this.images.set(reference, id);
    this.#did('tag', reference);
  }

  async removeImage(reference: string): Promise<void> {
    const removed = [...this.images].filter(([name, id]) => name === reference || id === reference);
    const isUsed = [...this.containers.values()].some(({ imageId }) => removed.some(([, id]) => id === imageId));
    if (isUsed) throw new BerthError('ENGINE_CONFLICT', `image ${reference} is in use`);
    for (const [name] of removed) this.images.delete(name);
  }

  async watch(
    onEvent: (event: EngineEvent) => void,
    signal: AbortSignal,
    onListening: () => void = () => undefined,
  ): Promise<void> {
    this.#check();
    this.#listeners.add(onEvent);
    onListening();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#listeners.delete(onEvent);
  }

  async logs(): Promise<void> {
    this.#check();
  }

  async exec(): Promise<number> {
    return 0;
  }

  /** Something happened to a container that nobody asked for. */
  happen(name: string, change: { state?: ContainerState; health?: Health; exitCode?: number }): void {
    const container = this.#get(name);
    Object.assign(container, change);
    this.#emit(container, change.state === 'exited' ? 'die' : 'health_status');
  }

  #emit({ id, name, config, health }: FakeContainer, action: string): void {
    for (const listener of [...this.#listeners]) {
      listener({
        kind: 'container',
        action,
        id,
        attributes: { ...config.labels, name },
        ...(action === 'health_status' ? { health } : {}),
        at: this.now,
      });
    }
  }

  #did(verb: string, what: string): void {
    this.calls.push(`${verb} ${what}`);
  }

  #check(): void {
    if (!this.isUp) throw new BerthError('ENGINE_UNREACHABLE', 'the engine does not answer', { retryable: true });
  }

  #find(idOrName: string): FakeContainer | undefined {
    return this.containers.get(idOrName) ?? [...this.containers.values()].find(({ name }) => name === idOrName);
  }

  #get(idOrName: string): FakeContainer {
    this.#check();
    const container = this.#find(idOrName);
    if (container === undefined) throw new BerthError('NOT_FOUND', `No such container: ${idOrName}`);
    return container;
  }

  #summary({ id, name, config, imageId, createdAt, state, health, exitCode }: FakeContainer): ContainerSummary {
    return {
      id,
      name,
      imageId,
      image: config.image,
      labels: config.labels,
      state,
      health: state === 'running' ? health : 'none',
      ...(state === 'exited' ? { exitCode } : {}),
      createdAt,
      status: state,
      ports:
        state === 'running'
          ? config.ports.map(({ containerPort, hostIp = '0.0.0.0', hostPort }) => ({
              container: Number.parseInt(containerPort, 10),
              protocol: protocolOf(containerPort),
              ...(hostPort === undefined ? {} : { host: Number(hostPort), ip: hostIp }),
            }))
          : [],
    };
  }
}

const protocolOf = (containerPort: string): string => containerPort.split('/')[1] ?? 'tcp';

/** Whether some container's ports and another's cannot be had at once. Addresses are IPv4. */
function clash(some: ContainerConfig['ports'], others: ContainerConfig['ports']): boolean {
  const all = '0.0.0.0';
  return some.some(({ containerPort, hostIp = all, hostPort }) =>
    others.some(
      ({ containerPort: port, hostIp: ip = all, hostPort: published }) =>
        hostPort !== undefined &&
        hostPort === published &&
        protocolOf(containerPort) === protocolOf(port) &&
        (ip === hostIp || ip === all || hostIp === all),
    ),
  );
}

function hasLabel(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const [key = '', ...value] = filter.split('=');
  return value.length === 0 ? key in labels : labels[key] === value.join('=');
}
