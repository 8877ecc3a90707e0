import type { EngineName } from '../config/service-spec.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { ownLabels } from './desired.ts';
import { writeServiceFile } from './file-writer.ts';
import { ensureHostSource } from './host-sources.ts';
import type { DesiredService, ObservedContainer, ServiceMemory } from './model.ts';
import { versionOf } from './model.ts';
import { label, nextName, previousName, runName } from './names.ts';
import { isUp } from './readiness.ts';
import { Stall } from './stall.ts';
import type { ServiceStep, ServiceStepKind, StepOf } from './steps.ts';

/** Where images come from when the engine does not have them. */
export interface ImageSource {
  /** Credentials for a reference's registry. */
  readonly authFor: (
    reference: string,
  ) => { readonly username: string; readonly password: string; readonly registry: string } | undefined;
  /** The archive on this host that holds the image. */
  readonly archiveOf: (reference: string) => Promise<ImageArchive>;
}

/** What the archives on this host say about an image. */
export type ImageArchive =
  | { readonly kind: 'found'; readonly open: () => NodeJS.ReadableStream }
  /** `problems`: a line for each declared place that could not be looked into. */
  | { readonly kind: 'none'; readonly problems: readonly string[] };

export interface ExecutorDependencies {
  readonly instance: string;
  readonly engineOf: (name: EngineName) => ContainerEngine;
  readonly images: ImageSource;
  readonly clock: Clock;
  /** Called with 0..1 while an image is pulled. */
  readonly onProgress?: (stepId: string, fraction: number) => void;
}

/** A pull that shows no progress for this long hangs: neither dockerd nor the kernel would ever give it up. */
const pullStallMs = 10 * 60_000;

/** What a step leaves to be remembered of its service. */
export type Remembered = { readonly [K in keyof ServiceMemory]?: ServiceMemory[K] | undefined };

type Executors = { readonly [K in ServiceStepKind]: (step: StepOf<K>, signal: AbortSignal) => Promise<Remembered> };

/** Carries out steps: the only part of `services/` that changes an engine. One function a kind; no decisions. */
export class StepExecutor {
  readonly #deps: ExecutorDependencies;
  readonly #executors: Executors;

  constructor(deps: ExecutorDependencies) {
    this.#deps = deps;
    this.#executors = {
      'pull-image': (step, signal) => this.#pull(step, signal),
      'return-image': (step, signal) => this.#returnImage(step, signal),
      'create-network': (step, signal) => this.#createNetwork(step, signal),
      'remove-network': async (step, signal) => this.#done(this.#engine(step).removeNetwork(step.name, signal)),
      'create-volume': (step, signal) => this.#createVolume(step, signal),
      'start-service': (step, signal) => this.#start(step, signal),
      'resume-service': (step, signal) => this.#resume(step, signal),
      'restart-service': (step, signal) => this.#restart(step, signal),
      'stop-service': (step, signal) => this.#done(this.#stop(step.engine, step.container, signal)),
      'replace-service': (step, signal) => this.#replace(step, signal),
      'start-next': (step, signal) => this.#startNext(step, signal),
      'promote-next': (step, signal) => this.#promote(step, signal),
      'restore-service': (step, signal) => this.#restore(step, signal),
      'discard-container': (step, signal) => this.#done(this.#remove(step.engine, step.container, signal)),
      'remove-service': (step, signal) => this.#done(this.#remove(step.engine, step.container, signal)),
      'run-job': (step, signal) => this.#runJob(step, signal),
    };
  }

  /** Throws {@link BerthError}; whatever was done before stays, and planning again goes on from there. */
  run(step: ServiceStep, signal: AbortSignal): Promise<Remembered> {
    const executor = this.#executors[step.kind] as (step: ServiceStep, signal: AbortSignal) => Promise<Remembered>;
    return executor(step, signal);
  }

  #engine(step: { readonly engine: EngineName }): ContainerEngine {
    return this.#deps.engineOf(step.engine);
  }

  async #done(work: Promise<void>): Promise<Remembered> {
    await work;
    return {};
  }

  async #pull(step: StepOf<'pull-image'>, signal: AbortSignal): Promise<Remembered> {
    const reference = step.service.container.image;
    const archive = await this.#deps.images.archiveOf(reference);
    if (archive.kind === 'found') {
      await this.#engine(step).loadImage({ reference, open: archive.open }, signal);
      return {};
    }
    if (step.service.pull === 'never') {
      const message = `image ${reference} is not on the engine and pull_policy is never`;
      throw new BerthError('IMAGE_NOT_FOUND', [message, ...archive.problems].join('; '), {
        retryable: true,
        hint: 'load it, put an archive of it where berth.image_archives says, or change pull_policy',
      });
    }
    const auth = this.#deps.images.authFor(reference);
    const stall = new Stall(this.#deps.clock, pullStallMs);
    const options = {
      ...(auth === undefined ? {} : { auth }),
      ...(step.service.container.platform === undefined ? {} : { platform: step.service.container.platform }),
      onProgress: (fraction: number) => {
        stall.restart();
        this.#deps.onProgress?.(step.id, fraction);
      },
    };
    try {
      await this.#engine(step).pullImage(reference, options, AbortSignal.any([signal, stall.signal]));
      return {};
    } catch (error) {
      if (!stall.signal.aborted || signal.aborted) throw withProblems(error, archive.problems);
      const message = `pull ${reference}: the registry sent nothing for ${pullStallMs / 60_000} minutes`;
      throw new BerthError('IMAGE_PULL_FAILED', message, { retryable: true, cause: error });
    } finally {
      stall.end();
    }
  }

  async #returnImage(step: StepOf<'return-image'>, signal: AbortSignal): Promise<Remembered> {
    await this.#engine(step).tagImage(step.image.imageId, step.image.reference, signal);
    return { imageReturn: undefined };
  }

  async #createNetwork(step: StepOf<'create-network'>, signal: AbortSignal): Promise<Remembered> {
    const { name, create, digest } = step.network;
    const labels = { ...create.labels, [label.instance]: this.#deps.instance, [label.digest]: digest };
    await this.#engine(step).createNetwork(name, { ...create, labels }, signal);
    return {};
  }

  async #createVolume(step: StepOf<'create-volume'>, signal: AbortSignal): Promise<Remembered> {
    const { name, create } = step.volume;
    await this.#engine(step).createVolume(
      name,
      { ...create, labels: { ...create.labels, [label.instance]: this.#deps.instance } },
      signal,
    );
    return {};
  }

  /** Creates the container of a service under a name; one of ours that is already there under that name is taken over. */
  async #create(
    service: DesiredService,
    name: string,
    signal: AbortSignal,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    await this.#prepareFiles(service);
    const labels = { ...service.container.labels, ...ownLabels(this.#deps.instance, service), ...more };
    const engine = this.#engine(service);
    try {
      return await engine.createContainer(name, { ...service.container, labels }, signal);
    } catch (error) {
      if (!isBerthError(error, 'ENGINE_CONFLICT')) throw error;
      const present = await engine.inspectContainer(name, signal);
      const ours =
        present?.labels[label.instance] === this.#deps.instance && present.labels[label.digest] === service.digest;
      if (present !== undefined && ours && more[label.due] === present.labels[label.due]) return present.id;
      throw new BerthError(
        'ENGINE_CONFLICT',
        `the container name ${name} is taken by a container that is not Berth's`,
        {
          retryable: true,
          cause: error,
          hint: `rename or remove it: docker rename ${name} something-else`,
        },
      );
    }
  }

  /** What is mounted into the container, and is not the engine's to look after. */
  async #prepareFiles(service: DesiredService): Promise<void> {
    await Promise.all(service.files.map(writeServiceFile));
    await Promise.all(service.hostSources.map(ensureHostSource));
  }

  #started(service: DesiredService): Remembered {
    // A restart that was asked for is done by any start, also by that of a new container.
    return { startedAt: this.#deps.clock.now(), applied: service.digest, restart: undefined };
  }

  /** Whether a restart that was asked for has been done, and a crash came before that was noted. */
  async #isRestarted(
    { engine, askedAt }: Pick<StepOf<'restart-service'>, 'engine' | 'askedAt'>,
    container: ObservedContainer | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (askedAt === undefined || container?.state !== 'running') return false;
    const present = await this.#deps.engineOf(engine).inspectContainer(container.id, signal);
    return present?.state === 'running' && present.startedAt > askedAt;
  }

  async #start(step: StepOf<'start-service'>, signal: AbortSignal): Promise<Remembered> {
    const { service, discard, engine } = step;
    if (await this.#isRestarted(step, discard, signal)) return { restart: undefined };
    if (discard !== undefined) await this.#remove(engine, discard, signal);
    const id = await this.#create(service, service.containerName, signal);
    await this.#engine(service).startContainer(id, signal);
    return this.#started(service);
  }

  async #resume({ service, container }: StepOf<'resume-service'>, signal: AbortSignal): Promise<Remembered> {
    await this.#prepareFiles(service);
    await this.#engine(service).startContainer(container.id, signal);
    return { startedAt: this.#deps.clock.now(), applied: container.digest, restart: undefined };
  }

  async #restart(step: StepOf<'restart-service'>, signal: AbortSignal): Promise<Remembered> {
    const { service, container } = step;
    if (await this.#isRestarted(step, container, signal)) return { restart: undefined };
    await this.#stop(service.engine, container, signal);
    await this.#engine(service).startContainer(container.id, signal);
    return { startedAt: this.#deps.clock.now(), restart: undefined };
  }

  async #stop(engine: EngineName, container: ObservedContainer, signal: AbortSignal): Promise<void> {
    await this.#deps.engineOf(engine).stopContainer(container.id, container.graceSeconds, signal);
  }

  async #remove(engine: EngineName, container: ObservedContainer, signal: AbortSignal): Promise<void> {
    if (isUp(container)) await this.#stop(engine, container, signal);
    await this.#deps.engineOf(engine).removeContainer(container.id, signal);
  }

  /**
   * new container beside → old one renamed `.previous` → new takes the name while the old one's processes end → new one started.
   * A crash between any two leaves names that tell the planner where to go on; so does a new one that cannot be started.
   */
  async #replace({ service, container, next }: StepOf<'replace-service'>, signal: AbortSignal): Promise<Remembered> {
    const engine = this.#engine(service);
    const name = service.containerName;
    if (service.update === 'delete-then-create' && container !== undefined) {
      await this.#remove(service.engine, container, signal);
      const id = await this.#create(service, name, signal);
      await engine.startContainer(id, signal);
      return this.#started(service);
    }
    // Names before the start: afterwards they would wait until the engine has cleared up after the old one.
    const id = await this.#succeed(service, container?.role === 'current' ? container : undefined, next, signal);
    await Promise.all([
      engine.renameContainer(id, name, signal),
      container === undefined ? undefined : engine.vacateContainer(container.id, container.graceSeconds, signal),
    ]);
    await engine.startContainer(id, signal);
    return { ...this.#started(service), ...(container === undefined ? {} : { previousImageId: container.imageId }) };
  }

  /** Retires the running container while its successor is created. @returns the successor's id. */
  async #succeed(
    service: DesiredService,
    current: ObservedContainer | undefined,
    next: ObservedContainer | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const [created, retired] = await Promise.allSettled([
      next?.id ?? this.#create(service, nextName(service.containerName), signal),
      current === undefined ? undefined : this.#retire(service, current, signal),
    ]);
    if (created.status === 'rejected') {
      // It runs on, under the name that it had.
      if (current !== undefined && retired.status === 'fulfilled')
        await this.#engine(service).renameContainer(current.id, service.containerName);
      throw created.reason;
    }
    if (retired.status === 'rejected') throw retired.reason;
    return created.value;
  }

  /** The running container becomes the one to go back to; an older one makes room. */
  async #retire(service: DesiredService, container: ObservedContainer, signal: AbortSignal): Promise<void> {
    const engine = this.#engine(service);
    const name = previousName(service.containerName);
    try {
      await engine.renameContainer(container.id, name, signal);
    } catch (error) {
      if (!isBerthError(error, 'ENGINE_CONFLICT')) throw error;
      await engine.removeContainer(name, signal);
      await engine.renameContainer(container.id, name, signal);
    }
  }

  async #startNext({ service, next }: StepOf<'start-next'>, signal: AbortSignal): Promise<Remembered> {
    const id = next?.id ?? (await this.#create(service, nextName(service.containerName), signal));
    await this.#engine(service).startContainer(id, signal);
    return { startedAt: this.#deps.clock.now() };
  }

  async #promote({ service, container, next }: StepOf<'promote-next'>, signal: AbortSignal): Promise<Remembered> {
    await this.#stop(service.engine, container, signal);
    await this.#retire(service, container, signal);
    await this.#engine(service).renameContainer(next.id, service.containerName, signal);
    return { applied: service.digest, previousImageId: container.imageId };
  }

  async #restore(
    { service, failed, previous, rejects }: StepOf<'restore-service'>,
    signal: AbortSignal,
  ): Promise<Remembered> {
    const engine = this.#engine(service);
    if (failed !== undefined) await this.#remove(service.engine, failed, signal);
    await engine.renameContainer(previous.id, service.containerName, signal);
    await engine.startContainer(previous.id, signal);
    const startedAt = this.#deps.clock.now();
    return rejects === undefined ? { startedAt } : { startedAt, rejected: [rejects] };
  }

  async #runJob({ service, dueMs, discard, skip }: StepOf<'run-job'>, signal: AbortSignal): Promise<Remembered> {
    if (skip) return { lastDue: dueMs };
    for (const old of discard) await this.#remove(service.engine, old, signal);
    const id = await this.#create(service, runName(service.containerName, dueMs), signal, {
      [label.due]: String(dueMs),
    });
    await this.#engine(service).startContainer(id, signal);
    return { ...this.#started(service), lastDue: dueMs };
  }
}

/** The completion of a one-shot, as it is remembered. */
export function completionOf(service: DesiredService, container: ObservedContainer): string {
  return versionOf(service.digest, container.imageId);
}

/** Whoever has no registry wants to know why no archive served instead. Pure. */
function withProblems(error: unknown, problems: readonly string[]): unknown {
  if (!isBerthError(error) || problems.length === 0) return error;
  const { code, cause, retryable, details, hint } = error;
  const more = hint === undefined ? {} : { hint };
  return new BerthError(code, [error.message, ...problems].join('; '), { cause, retryable, details, ...more });
}
