import { isBerthError } from '../core/errors.ts';
import type {
  ContainerConfig,
  ContainerDetails,
  ContainerEngine,
  ContainerSummary,
  EngineEvent,
  EngineInfo,
  ExecIo,
  ExecOptions,
  ImageArchiveFile,
  ImageSummary,
  LogOptions,
  NetworkCreate,
  NetworkSummary,
  PullOptions,
  VolumeCreate,
  VolumeSummary,
} from './container-engine.ts';
import type { ApiContainer, ApiContainerDetails, ApiImage, ApiInfo } from './docker-api.ts';
import { DockerConnection, segment } from './docker-connection.ts';
import { createContainer, removeContainer } from './docker-containers.ts';
import { watchEvents } from './docker-events.ts';
import { runExec } from './docker-exec.ts';
import { loadImage, pullImage } from './docker-images.ts';
import { streamLogs } from './docker-logs.ts';
import { createNetwork } from './docker-networks.ts';
import { stopContainer, vacateContainer } from './docker-stop.ts';
import { containerDetails, containerSummary, imageSummary } from './docker-summaries.ts';
import type { ImageLoads } from './image-loads.ts';

/** {@link ContainerEngine} for Docker Engine 20.10 (API 1.41) and later. */
export class DockerEngine implements ContainerEngine {
  readonly #connection: DockerConnection;
  readonly #loads: ImageLoads | undefined;

  private constructor(connection: DockerConnection, loads: ImageLoads | undefined) {
    this.#connection = connection;
    this.#loads = loads;
  }

  /**
   * An engine behind a unix socket. Nothing is sent before the first call, so the socket need not be there yet.
   * @param loads keeps what is loaded over power cuts; a torn image is not shown. Absent: that is somebody else's affair.
   */
  static connect(socketPath: string, loads?: ImageLoads): DockerEngine {
    return new DockerEngine(new DockerConnection(socketPath), loads);
  }

  /** Closes idle connections, so that a process may end. */
  close(): void {
    this.#connection.close();
  }

  async info(signal?: AbortSignal): Promise<EngineInfo> {
    const info = await this.#connection.object<ApiInfo>({
      what: 'ask the engine about itself',
      method: 'GET',
      path: '/info',
      signal,
    });
    const version = await this.#connection.version(signal);
    return {
      name: 'docker',
      version: version.Version,
      apiVersion: version.ApiVersion,
      runtimes: Object.keys(info.Runtimes ?? {}),
      cgroupVersion: info.CgroupVersion ?? '1',
      rootDirectory: info.DockerRootDir,
    };
  }

  async listContainers(label: string | readonly string[], signal?: AbortSignal): Promise<ContainerSummary[]> {
    const query = { all: 1, filters: { label: typeof label === 'string' ? [label] : label } };
    const rows = await this.#connection.object<ApiContainer[]>({
      what: 'list containers',
      method: 'GET',
      path: '/containers/json',
      query,
      signal,
    });
    return rows.map(containerSummary);
  }

  async inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerDetails | undefined> {
    const request = {
      what: `inspect container ${id}`,
      method: 'GET',
      path: `/containers/${segment(id)}/json`,
      signal,
      accept: [404],
    } as const;
    const found = await this.#connection.json<ApiContainerDetails>(request);
    return found && containerDetails(found);
  }

  createContainer(name: string, container: ContainerConfig, signal?: AbortSignal): Promise<string> {
    return createContainer(this.#connection, name, container, signal);
  }

  async startContainer(id: string, signal?: AbortSignal): Promise<void> {
    await this.#connection.json({
      what: `start container ${id}`,
      method: 'POST',
      path: `/containers/${segment(id)}/start`,
      signal,
    });
  }

  stopContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void> {
    return stopContainer(this.#connection, id, graceSeconds, signal);
  }

  vacateContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void> {
    return vacateContainer(this.#connection, id, graceSeconds, signal);
  }

  async killContainer(id: string, killSignal?: string): Promise<void> {
    const query = killSignal === undefined ? {} : { signal: killSignal };
    // 409: it does not run.
    await this.#connection.json({
      what: `kill container ${id}`,
      method: 'POST',
      path: `/containers/${segment(id)}/kill`,
      query,
      accept: [404, 409],
    });
  }

  removeContainer(id: string, signal?: AbortSignal): Promise<void> {
    return removeContainer(this.#connection, id, signal);
  }

  async renameContainer(id: string, name: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#connection.json({
        what: `rename container ${id} to ${name}`,
        method: 'POST',
        path: `/containers/${segment(id)}/rename`,
        query: { name },
        signal,
      });
    } catch (error) {
      // Docker refuses a rename to the same name; ours is safe to repeat.
      if (!isBerthError(error) || error.retryable) throw error;
      const found = await this.inspectContainer(id, signal);
      if (found?.name !== name) throw error;
    }
  }

  async listNetworks(label: string, signal?: AbortSignal): Promise<NetworkSummary[]> {
    const query = { filters: { label: [label] } };
    const rows = await this.#connection.object<{ Id: string; Name: string; Labels: Record<string, string> | null }[]>({
      what: 'list networks',
      method: 'GET',
      path: '/networks',
      query,
      signal,
    });
    return rows.map((row) => ({ id: row.Id, name: row.Name, labels: row.Labels ?? {} }));
  }

  createNetwork(name: string, network: NetworkCreate, signal?: AbortSignal): Promise<void> {
    return createNetwork(this.#connection, name, network, signal);
  }

  async removeNetwork(name: string, signal?: AbortSignal): Promise<void> {
    await this.#connection.json({
      what: `remove network ${name}`,
      method: 'DELETE',
      path: `/networks/${segment(name)}`,
      signal,
      accept: [404],
    });
  }

  async listVolumes(label: string, signal?: AbortSignal): Promise<VolumeSummary[]> {
    const query = { filters: { label: [label] } };
    const answer = await this.#connection.object<{
      Volumes: { Name: string; Labels: Record<string, string> | null }[] | null;
    }>({
      what: 'list volumes',
      method: 'GET',
      path: '/volumes',
      query,
      signal,
    });
    return (answer.Volumes ?? []).map((row) => ({ name: row.Name, labels: row.Labels ?? {} }));
  }

  async createVolume(name: string, volume: VolumeCreate, signal?: AbortSignal): Promise<void> {
    const body = { Name: name, Driver: volume.driver, DriverOpts: volume.driverOptions, Labels: volume.labels };
    await this.#connection.json({
      what: `create volume ${name}`,
      method: 'POST',
      path: '/volumes/create',
      body,
      signal,
    });
  }

  async removeVolume(name: string, signal?: AbortSignal): Promise<void> {
    await this.#connection.json({
      what: `remove volume ${name}`,
      method: 'DELETE',
      path: `/volumes/${segment(name)}`,
      signal,
      accept: [404],
    });
  }

  async listImages({ parents = false } = {}, signal?: AbortSignal): Promise<ImageSummary[]> {
    const query = parents ? { all: 1 } : {};
    const request = { what: 'list images', method: 'GET', path: '/images/json', query, signal } as const;
    return (await this.#connection.object<ApiImage[]>(request)).map(imageSummary).map((image) => this.#whole(image));
  }

  async inspectImage(reference: string, signal?: AbortSignal): Promise<ImageSummary | undefined> {
    const image = await this.#findImage(reference, signal);
    return image === undefined || this.#loads?.isTorn(reference, image.id) === true ? undefined : image;
  }

  /** An image without the references by which it is not to be used. */
  #whole(image: ImageSummary): ImageSummary {
    const isWhole = (reference: string): boolean => this.#loads?.isTorn(reference, image.id) !== true;
    return { ...image, references: image.references.filter(isWhole), digests: image.digests.filter(isWhole) };
  }

  async #findImage(reference: string, signal?: AbortSignal): Promise<ImageSummary | undefined> {
    const path = `/images/${encodeURI(reference)}/json`;
    const found = await this.#connection.json<ApiImage>({
      what: `inspect image ${reference}`,
      method: 'GET',
      path,
      signal,
      accept: [404],
    });
    return found && imageSummary(found);
  }

  pullImage(reference: string, options: PullOptions, signal?: AbortSignal): Promise<void> {
    return this.#settle(reference, () => pullImage(this.#connection, reference, options, signal));
  }

  loadImage({ reference, open }: ImageArchiveFile, signal?: AbortSignal): Promise<string[]> {
    return this.#settle(reference, () => loadImage(this.#connection, open(), signal));
  }

  #settle<Result>(reference: string, load: () => Promise<Result>): Promise<Result> {
    if (this.#loads === undefined) return load();
    const engine = { find: (one: string) => this.#findImage(one), remove: (one: string) => this.removeImage(one) };
    return this.#loads.settle({ reference, load, engine });
  }

  async tagImage(id: string, reference: string, signal?: AbortSignal): Promise<void> {
    const colon = reference.lastIndexOf(':');
    await this.#connection.json({
      what: `name image ${id} ${reference}`,
      method: 'POST',
      path: `/images/${encodeURI(id)}/tag`,
      query: { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) },
      signal,
    });
  }

  async removeImage(reference: string, signal?: AbortSignal): Promise<void> {
    await this.#connection.json({
      what: `remove image ${reference}`,
      method: 'DELETE',
      path: `/images/${encodeURI(reference)}`,
      signal,
      accept: [404],
    });
  }

  watch(onEvent: (event: EngineEvent) => void, signal: AbortSignal, onListening?: () => void): Promise<void> {
    return watchEvents(this.#connection, onEvent, signal, onListening);
  }

  logs(
    id: string,
    options: LogOptions,
    onChunk: (stream: 'stdout' | 'stderr', chunk: Buffer) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return streamLogs(this.#connection, id, options, onChunk, signal);
  }

  exec(id: string, options: ExecOptions, io: ExecIo, signal?: AbortSignal): Promise<number> {
    return runExec(this.#connection, id, options, io, signal);
  }
}
