import type { ServiceReconciler } from '../services/service-reconciler.ts';
import { hooksOf, type RebootHook } from '../update/reboot/hooks.ts';
import type { ContainerSessions } from './container-sessions.ts';
import type { Declaration } from './declaration.ts';

export interface RebootPreparationDependencies {
  readonly declaration: Pick<Declaration, 'resolve'>;
  readonly reconciler: Pick<ServiceReconciler, 'statuses'>;
  readonly sessions: Pick<ContainerSessions, 'exec'>;
}

/** What services want to do before the host restarts. */
export class RebootPreparation {
  readonly #deps: RebootPreparationDependencies;

  constructor(deps: RebootPreparationDependencies) {
    this.#deps = deps;
  }

  /** Of services that run. */
  hooks(): readonly RebootHook[] {
    const { declaration, reconciler } = this.#deps;
    const running = new Set(
      reconciler.statuses().flatMap(({ name, containerId }) => (containerId === undefined ? [] : [name])),
    );
    return hooksOf([...declaration.resolve().services.values()].filter(({ name }) => running.has(name)));
  }

  /** Runs one in its service's container. Throws when it does not end with 0. */
  async run({ service, command }: RebootHook, signal: AbortSignal): Promise<void> {
    const io = { onOutput: () => undefined };
    const options = { command, tty: false, stdin: false };
    const exitCode = await this.#deps.sessions.exec(service, options, io, signal);
    if (exitCode !== 0) throw new Error(`it ended with ${exitCode}`);
  }
}
