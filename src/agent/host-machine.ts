import { emptyHostConfig, type HostConfig } from '../config/host-config.ts';
import type { NetworkConfig } from '../config/network/network-config.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { KeyReport, SkippedStep, StepBase } from '../core/plan.ts';
import {
  type HostOutcome,
  type HostReconcileOptions,
  type HostReconciler,
  type HostStepEvent,
  reportHostKeys,
} from '../host/host-reconciler.ts';
import { failedMount, isMountStep, leadsToMount, type MountTrouble, mountTroubles } from '../host/mounts/trouble.ts';
import type { NetworkController } from '../host/network/network-controller.ts';
import type { HostPlanOptions } from '../host/resource.ts';
import type { BlockedChange } from '../host/step.ts';
import type { ProcessTrust } from '../host/trust/process-trust.ts';
import type { AbsentMount } from '../services/absent-mounts.ts';
import type { FirstApply } from './first-apply.ts';
import type { BringOptions, Machine, MachinePlan } from './machine.ts';
import type { Maintenance } from './maintenance.ts';
import type { ApplyEvent, ConfigOrigin, MachineStatus } from './model.ts';
import { MountWatch } from './mount-watch.ts';
import { shownStep } from './shown-steps.ts';

export interface HostMachineDependencies {
  readonly reconciler: HostReconciler;
  readonly network: Pick<NetworkController, 'declare' | 'status' | 'whenReady'>;
  /** Whom the agent itself trusts: its updater, its health checks and whatever else it asks. */
  readonly trust: Pick<ProcessTrust, 'declare'>;
  /** The network comes up from now on. Safe to call twice. */
  readonly startNetwork: () => void;
  readonly firstApply: FirstApply;
  readonly maintenance: Maintenance;
  /** Numbers of groups that other parts of the host rely on, by name. */
  readonly groupIds: Readonly<Record<string, number>>;
  /** What went wrong outside of the agent, a line each; the guard may find more at any time. */
  readonly bootProblems: () => readonly string[];
  readonly clock: Clock;
  /** Says a line on the machine's console. */
  readonly say: (line: string) => void;
  /** How long the network is waited for before commands of the config run without it; two minutes by default. */
  readonly networkPatienceMs?: number;
  /** Ends with the agent. */
  readonly signal: AbortSignal;
}

/** A machine that Berth runs: its resources follow the config, what needs the network as soon as that is ready. */
export class HostMachine implements Machine {
  readonly mode = 'host';
  readonly #deps: HostMachineDependencies;
  #reports: readonly KeyReport[] = [];
  /** What only the next boot brings. */
  #pending: readonly string[] = [];
  /** What the place gives the machine. */
  #givenNetwork: NetworkConfig | undefined;
  readonly #problems: string[] = [];
  #config: HostConfig = emptyHostConfig;
  /** How the config was brought about last. */
  #options: BringOptions = { previous: emptyHostConfig };
  readonly #mounts: MountWatch;
  #origin: ConfigOrigin | undefined;
  /** The boot itself, and configs that are being brought about. */
  #changes = 1;
  /** What is wrong with a config that was refused: true until another one is applied. */
  #refusal: readonly string[] = [];
  #onMounts: () => void = () => undefined;
  /** The bring that counts: an older one that still waits for the network gives way. */
  #latest = 0;

  constructor(deps: HostMachineDependencies) {
    this.#deps = deps;
    this.#mounts = new MountWatch({
      ...deps,
      tryAgain: async () => this.#mountAgain(),
      onChange: () => this.#onMounts(),
    });
  }

  /** The mounts that are not as declared. */
  get mountTroubles(): readonly MountTrouble[] {
    return this.#mounts.troubles;
  }

  get absentMounts(): readonly AbsentMount[] {
    return this.#mounts.troubles
      .filter(({ isAbsent }) => isAbsent)
      .map(({ target, why, kind }) => ({ target, why, isComing: kind === 'waits' }));
  }

  onMounts(listener: () => void): void {
    this.#onMounts = listener;
  }

  /** The network that holds as long as the config has no word about it. */
  giveNetwork(network: NetworkConfig | undefined): void {
    this.#givenNetwork = network;
    this.#declareNetwork();
  }

  get isChanging(): boolean {
    return this.#changes > 0;
  }

  get isWaiting(): boolean {
    return this.#mounts.troubles.some(({ kind, optional }) => kind === 'waits' && !optional);
  }

  /** The boot's own work is done. */
  booted(): void {
    this.#changes -= 1;
  }

  /** Where this boot found the config. */
  foundConfig(origin: ConfigOrigin): void {
    this.#origin = origin;
  }

  /** Shown in the status until the next boot. */
  addProblems(lines: readonly string[]): void {
    this.#problems.push(...lines);
  }

  /** A config was refused as a whole; shown in the status until another one is applied. */
  refuse(lines: readonly string[]): void {
    this.#refusal = lines;
  }

  skipped(): [] {
    return [];
  }

  async plan(config: HostConfig, options: BringOptions): Promise<MachinePlan> {
    const { steps, blocked } = await this.#deps.reconciler.plan(config, this.#planOptions(options));
    const [later, held] = [
      blocked.filter(({ until }) => until === 'boot'),
      blocked.filter(({ until }) => until !== 'boot'),
    ];
    return { steps: [...steps, ...later.map(rebootStep)], skipped: held.map(heldBack) };
  }

  async bring(
    config: HostConfig,
    options: BringOptions,
    onEvent: (event: ApplyEvent) => void,
  ): Promise<readonly KeyReport[]> {
    // A host is not what its config says before all of it was tried.
    this.#changes += 1;
    try {
      return await this.#bring(config, options, onEvent);
    } finally {
      this.#changes -= 1;
    }
  }

  async #bring(
    config: HostConfig,
    options: BringOptions,
    onEvent: (event: ApplyEvent) => void,
  ): Promise<readonly KeyReport[]> {
    const { network, maintenance } = this.#deps;
    const turn = ++this.#latest;
    if (options.provisional !== true) {
      if (options.boot !== true) this.#refusal = [];
      await maintenance.end();
    }
    this.#config = config;
    this.#options = { ...options, destroy: [] };
    this.#deps.trust.declare(config.connectivity.caCertificates);
    this.#declareNetwork();
    this.#deps.startNetwork();
    const isOnline = network.status?.condition.ready === true;
    const onStep = (event: HostStepEvent): void => onEvent(machineEvent(event));
    const outcome = await this.#reconcile(config, options, { phase: isOnline ? 'all' : 'early', onStep });
    if (outcome.left.some(({ phase }) => phase === 'online')) void this.#whenOnline(config, options, turn);
    else await this.#noteFirst(options, outcome);
    return this.#reports;
  }

  status(): Omit<MachineStatus, 'release'> {
    const { network, bootProblems } = this.#deps;
    const ofMounts = new Set(this.#mounts.troubles.map(({ key }) => key));
    const failed = this.#reports.filter(({ outcome, key }) => outcome === 'failed' && !ofMounts.has(key));
    return {
      config: this.#origin ?? null,
      network: network.status === undefined ? null : shownNetwork(network.status),
      problems: [
        ...bootProblems(),
        ...this.#problems,
        ...this.#refusal,
        ...failed.map(({ key, why }) => `${key}: ${why ?? 'failed'}`),
        ...this.#mounts.problems,
      ],
      warnings: this.#mounts.warnings,
      pending: this.#pending,
      maintenance: this.#deps.maintenance.why,
    };
  }

  /** What kept something back is over: the machine is brought to its config once more. */
  lookAgain(): void {
    const config = this.#config;
    if (config.kernelArguments === undefined) return;
    const phase = this.#deps.network.status?.condition.ready === true ? 'all' : 'early';
    void this.#reconcile(config, { previous: config, boot: true }, { phase }).catch((error: unknown) => {
      if (!this.#deps.signal.aborted) this.addProblems([`the kernel arguments wait: ${messageOf(error)}`]);
    });
  }

  /** Only what is mounted is tried again; when that helps, what waited for it follows. */
  async #mountAgain(): Promise<readonly MountTrouble[] | undefined> {
    const { reconciler, signal, network } = this.#deps;
    if (this.#changes > 0) return undefined;
    const [config, options, turn] = [this.#config, this.#options, this.#latest];
    const phase = network.status?.condition.ready === true ? 'all' : 'early';
    const outcome = await reconciler.reconcile(
      config,
      {
        ...{ ...this.#planOptions(options), phase },
        only: (step) => isMountStep(step) || leadsToMount(step),
        isNews: (step, error) => isMountStep(step) && this.#mounts.isNew(failedMount(step, error)),
      },
      signal,
    );
    if (turn !== this.#latest || this.#changes > 0) return undefined;
    if (outcome.done.length === 0) return mountTroubles(outcome);
    const whole = await this.#reconcile(config, options, { phase });
    if (turn === this.#latest && phase === 'all') await this.#noteFirst(options, whole);
    return undefined;
  }

  #declareNetwork(): void {
    const { network, connectivity } = this.#config;
    this.#deps.network.declare({ network: network ?? this.#givenNetwork, dns: connectivity.dns });
  }

  async #whenOnline(config: HostConfig, options: BringOptions, turn: number): Promise<void> {
    const { network, signal } = this.#deps;
    try {
      if (!(await this.#isReadyInTime())) {
        if (turn !== this.#latest) return;
        await this.#reconcile(config, options, { phase: 'offline' });
      }
      await network.whenReady(signal);
      if (turn !== this.#latest) return;
      await this.#noteFirst(options, await this.#reconcile(config, options, { phase: 'all' }));
    } catch (error) {
      // Nobody waits for this any more: it shows in the status.
      if (!signal.aborted) this.addProblems([`the machine could not be brought to its config: ${messageOf(error)}`]);
    }
  }

  /** Whether the network gets ready before what a config has the host run is run without it. */
  async #isReadyInTime(): Promise<boolean> {
    const { network, signal, networkPatienceMs = 2 * 60_000 } = this.#deps;
    const patience = AbortSignal.timeout(networkPatienceMs);
    return await network.whenReady(AbortSignal.any([signal, patience])).then(
      () => true,
      (error: unknown) => {
        signal.throwIfAborted();
        if (!patience.aborted) throw error;
        return false;
      },
    );
  }

  async #noteFirst({ provisional = false }: BringOptions, { failed }: HostOutcome): Promise<void> {
    // What a command of the config ends with says nothing about the machine.
    const isWhole = failed.every(({ step }) => step.kind === 'run-task');
    if (isWhole && !provisional) await this.#deps.firstApply.note();
  }

  async #reconcile(
    config: HostConfig,
    options: BringOptions,
    how: Pick<HostReconcileOptions, 'phase' | 'onStep'>,
  ): Promise<HostOutcome> {
    const { reconciler, signal } = this.#deps;
    const outcome = await reconciler.reconcile(config, { ...this.#planOptions(options), ...how }, signal);
    this.#reports = reportHostKeys(outcome);
    this.#mounts.take(mountTroubles(outcome));
    this.#pending = outcome.blocked.filter(({ until }) => until === 'boot').map(({ key, why }) => `${key}: ${why}`);
    return outcome;
  }

  #planOptions({ previous, boot = false, destroy = [], provisional = false }: BringOptions): HostPlanOptions {
    const { firstApply, groupIds } = this.#deps;
    return { previous, boot, destroy, firstApply: firstApply.isDue && !provisional, groupIds };
  }
}

function machineEvent(event: HostStepEvent): ApplyEvent {
  if (event.kind === 'started') return { kind: 'step-started', step: shownStep(event.step) };
  const { step, durationMs, error } = event;
  return error === undefined
    ? { kind: 'step-done', id: step.id, durationMs }
    : { kind: 'step-failed', id: step.id, error, retryAt: null };
}

/** Asked for and not done: the device is not there, or what is on it may not be lost. */
function heldBack({ subject, key, why, hint }: BlockedChange): SkippedStep {
  return { subject, key, why: hint === undefined ? why : `${why}: ${hint}` };
}

/** A change that only the next boot makes: in the plan for its cost. */
function rebootStep({ subject, key, why }: BlockedChange): StepBase {
  return {
    id: `reboot:${subject}`,
    kind: 'reboot',
    subject,
    cost: 'reboot',
    reason: { kind: 'config', key, change: 'changed' },
    summary: why,
    after: [],
  };
}

function shownNetwork({
  condition,
  links,
  failures,
}: NonNullable<NetworkController['status']>): NonNullable<MachineStatus['network']> {
  const missing = [condition.address, condition.route, condition.dns].filter(({ holds }) => !holds);
  return {
    ready: condition.ready,
    detail: [...missing.map(({ reason }) => reason), ...failures.map(({ step, error }) => `${step}: ${error}`)].join(
      '; ',
    ),
    links: links.map(({ name, addresses }) => ({ name, addresses: [...addresses] })),
  };
}
