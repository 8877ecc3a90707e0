import type { EngineName } from '../config/service-spec.ts';
import { BerthError } from '../core/errors.ts';
import type { ContainerEngine, ExecOptions } from '../engine/container-engine.ts';
import { plainContainer } from '../engine/plain-container.ts';
import type { ImageSource } from '../services/executor.ts';
import { label } from '../services/names.ts';
import type { ServiceStatus } from '../services/status.ts';
import type { DebugOptions, LogLine, ServiceLogOptions, SessionIo } from './agent-service.ts';
import type { EngineSet } from './engine-set.ts';
import { provideImage } from './provide-image.ts';

/** The host's own tools image, built with the system containers. */
export const toolsImage = 'berth/busybox:latest';

export interface SessionDependencies {
  readonly instance: string;
  readonly engines: EngineSet;
  readonly images: ImageSource;
  readonly statusOf: (name: string) => ServiceStatus;
}

/** What a person does inside a service: read its log, run a command, open a shell with tools beside it. */
export class ContainerSessions {
  readonly #deps: SessionDependencies;

  constructor(deps: SessionDependencies) {
    this.#deps = deps;
  }

  /** Throws SERVICE_UNKNOWN; NOT_FOUND when the service has no container. */
  async logs(
    name: string,
    options: ServiceLogOptions,
    onLine: (line: LogLine) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { engine, containerId } = this.#containerOf(name, false);
    const lines = new LineSplitter(onLine);
    const { follow, tail, since } = options;
    const wanted = {
      follow,
      timestamps: true,
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
    };
    await engine.logs(containerId, wanted, (stream, chunk) => lines.write(stream, chunk), signal);
    lines.end();
  }

  /** @returns the command's exit code. Throws SERVICE_UNKNOWN; NOT_FOUND when the service does not run. */
  async exec(name: string, options: ExecOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    const { engine, containerId } = this.#containerOf(name, true);
    return await engine.exec(containerId, options, io, signal);
  }

  /**
   * A container with tools in the service's network and PID namespaces; the service's files are at /proc/1/root.
   * @returns the shell's exit code; the container is gone by then.
   */
  async debug(name: string, options: DebugOptions, io: SessionIo, signal?: AbortSignal): Promise<number> {
    const { engine, containerId } = this.#containerOf(name, true);
    const { image = toolsImage, ...command } = options;
    await provideImage(image, engine, this.#deps.images);
    const target = `container:${containerId}`;
    const container = plainContainer(image, {
      // Waits for the session to end; removing the container ends it.
      entrypoint: ['sleep'],
      command: ['2147483647'],
      labels: { [label.instance]: this.#deps.instance },
      stopSignal: 'SIGKILL',
      networkMode: target,
      pidMode: target,
      // Seeing another process's files and memory is what a debugger is for.
      capabilitiesAdd: ['SYS_PTRACE', 'NET_ADMIN', 'NET_RAW'],
    });
    const id = await engine.createContainer(
      `${this.#deps.instance}-debug-${name}-${process.hrtime.bigint().toString(36)}`,
      container,
      signal,
    );
    try {
      await engine.startContainer(id, signal);
      return await engine.exec(id, command, io, signal);
    } finally {
      await engine.removeContainer(id);
    }
  }

  #containerOf(name: string, mustRun: boolean): { readonly engine: ContainerEngine; readonly containerId: string } {
    const { containerId, engine, state, detail } = this.#deps.statusOf(name);
    if (containerId === undefined || (mustRun && !['healthy', 'running', 'unhealthy', 'starting'].includes(state))) {
      const why = detail === '' ? state : `${state}: ${detail}`;
      throw new BerthError('NOT_FOUND', `${name} has no ${mustRun ? 'running ' : ''}container (${why})`, {
        hint: `berth why ${name}`,
      });
    }
    return { engine: this.#engineOf(engine), containerId };
  }

  #engineOf(name: EngineName): ContainerEngine {
    const handle = this.#deps.engines.handles.find((one) => one.name === name);
    if (handle === undefined) throw new BerthError('ENGINE_UNREACHABLE', `this host has no ${name} engine`);
    return handle.engine;
  }
}

/** Chunks of a container's two streams as lines with their time. */
class LineSplitter {
  readonly #onLine: (line: LogLine) => void;
  readonly #rest = { stdout: '', stderr: '' };

  constructor(onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
  }

  write(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const lines = (this.#rest[stream] + chunk.toString('utf8')).split('\n');
    this.#rest[stream] = lines.pop() ?? '';
    for (const line of lines) this.#line(stream, line);
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.#rest[stream] !== '') this.#line(stream, this.#rest[stream]);
  }

  #line(stream: 'stdout' | 'stderr', line: string): void {
    const match = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(line);
    const text = match?.[2] ?? line;
    this.#onLine({ stream, time: match?.[1] ?? null, text: text.replace(/\r$/, '') });
  }
}
