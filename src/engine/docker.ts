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

/** {@link ContainerEngine} for Docker Engine 20.10 (API 1.41) and later. */
export class DockerEngine implements ContainerEngine {
  readonly #connection: DockerConnection;

  private constructor(connection: DockerConnection) {
    this.#connection = connection;
  }

  /** An engine behind a unix socket. Nothing is sent before the first call, so the socket need not be there yet. */
  static connect(socketPath: string): DockerEngine {
    return new DockerEngine(new DockerConnection(socketPath));
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

  async listImages(signal?: AbortSignal): Promise<ImageSummary[]> {
    return (
      await this.#connection.object<ApiImage[]>({ what: 'list images', method: 'GET', path: '/images/json', signal })
    ).map(imageSummary);
  }

  async inspectImage(reference: string, signal?: AbortSignal): Promise<ImageSummary | undefined> {
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
    return pullImage(this.#connection, reference, options, signal);
  }

  loadImage(archive: NodeJS.ReadableStream, signal?: AbortSignal): Promise<string[]> {
    return loadImage(this.#connection, archive, signal);
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
