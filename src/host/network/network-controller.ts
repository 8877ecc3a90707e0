import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectivityConfig } from '../../config/host-config.ts';
import type { NetworkConfig } from '../../config/network/network-config.ts';
import { backoffMs } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Reason } from '../../core/plan.ts';
import { networkCondition } from './condition.ts';
import { DhcpClient, dhcpcdControlSocket } from './dhcp-client.ts';
import { unanswered } from './dhcpcd-config.ts';
import { NetworkMonitor } from './network-monitor.ts';
import { type NetworkFailure, type NetworkStatus, networkStatus } from './network-status.ts';
import { observeNetwork } from './observe.ts';
import { type NetworkPlan, planNetwork } from './plan.ts';
import type { RunProgram } from './run-program.ts';
import { executeNetworkStep } from './step-executor.ts';
import type { NetworkStep } from './steps.ts';

/** What the host's network shall be. */
export interface DeclaredNetwork {
  /** Absent: every Ethernet device asks by DHCP. */
  readonly network: NetworkConfig | undefined;
  readonly dns: ConnectivityConfig['dns'];
}

export const noDns: ConnectivityConfig['dns'] = { servers: [], search: [], options: [] };

export interface NetworkControllerDeps {
  readonly run: RunProgram;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Below /run: settings and answers of the DHCP client, and the resolver's file. Default /run/berth/network. */
  readonly directory?: string;
  /** Called when what {@link NetworkController.status} tells has changed. */
  readonly onStatus: (status: NetworkStatus) => void;
  /** Called after each step; `error` when it failed. */
  readonly onStep: (step: NetworkStep, error: string | undefined) => void;
}

/** Events come in bursts: one look for what comes within this time. */
const quietMs = 50;
const resyncMs = 60_000;
/** dhcpcd asks for IPv6 routers four times and only listens from then on: a router that comes late may be silent for half an hour. */
const askAgainMs = 60_000;
/** A network that changes under our hands is looked at again later rather than for ever. */
const maxRounds = 8;

/**
 * Keeps the network as declared, for ever: looks, plans, carries out, and looks again when the kernel or the DHCP client
 * reports a change. There is no time after which it gives up. Only this may change devices, addresses and routes of the
 * host; what carries other programs' marks is left alone.
 */
export class NetworkController {
  readonly #deps: NetworkControllerDeps;
  readonly #directory: string;
  readonly #dhcp: DhcpClient;
  #declared: DeclaredNetwork = { network: undefined, dns: noDns };
  #reason: Reason = { kind: 'boot' };
  #status: NetworkStatus | undefined;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #ready: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(deps: NetworkControllerDeps) {
    this.#deps = deps;
    this.#directory = deps.directory ?? '/run/berth/network';
    const paths = { directory: this.#directory, controlSocket: dhcpcdControlSocket };
    this.#dhcp = new DhcpClient(deps.run, paths, () => this.wake());
  }

  /** The resolver's file; /etc/resolv.conf is a link to it. */
  get resolvConf(): string {
    return join(this.#directory, 'resolv.conf');
  }

  /** As last seen; undefined before the first look. */
  get status(): NetworkStatus | undefined {
    return this.#status;
  }

  /** Declares another network. The steps follow. */
  declare(declared: DeclaredNetwork): void {
    this.#declared = declared;
    this.#reason = { kind: 'config', key: 'network', change: 'changed' };
    this.wake();
  }

  /** Look again soon. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Resolves when the network is ready, now or later; rejects when aborted first. */
  async whenReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Runs until aborted. Addresses and the DHCP client stay: the next agent takes them over. */
  async run(signal: AbortSignal): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    await this.#dhcp.prepare();
    const { clock } = this.#deps;
    const monitor = new NetworkMonitor({
      leasesDirectory: this.#dhcp.leasesDirectory,
      clock,
      onChange: () => this.wake(),
    });
    const watching = monitor.run(signal);
    let failures = 0;
    let askedAt = clock.now();
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      const isWell = await this.#converge(signal);
      if (this.#status?.condition.ready === true) askedAt = clock.now();
      else if (clock.now() - askedAt >= askAgainMs) {
        askedAt = clock.now();
        await this.#askAgain(signal);
      }
      failures = isWell ? 0 : failures + 1;
      await this.#pause(failures === 0 ? resyncMs : backoffMs(failures, this.#deps.random()), signal);
    }
    await watching;
    this.#dhcp.close();
  }

  /** Without a network, who has not answered is asked again, for ever. */
  async #askAgain(signal: AbortSignal): Promise<void> {
    const { links: there = [], leases = [] } = this.#status ?? {};
    const links = unanswered(await this.#dhcp.runningConfig(), there, leases);
    // It may have ended just now: the next look starts it again.
    if (links.length > 0) await this.#dhcp.askAgain(links, signal).catch(() => undefined);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const slept = new AbortController();
    const sleep = this.#deps.clock.sleep(ms, AbortSignal.any([signal, slept.signal])).catch(() => undefined);
    await Promise.race([sleep, this.#wake.promise]);
    slept.abort();
    await this.#deps.clock.sleep(quietMs, signal).catch(() => undefined);
  }

  /** @returns false when something failed and has to be tried again. */
  async #converge(signal: AbortSignal): Promise<boolean> {
    const failures = new Map<string, NetworkFailure>();
    for (let round = 0; round < maxRounds; round += 1) {
      const declared = this.#declared;
      try {
        const steps = await this.#round(declared, failures, signal);
        if (steps === 0) {
          if (failures.size === 0) this.#reason = { kind: 'drift', detail: 'the network was not as declared' };
          return failures.size === 0;
        }
      } catch (error) {
        if (signal.aborted) return true;
        failures.set('network', { subject: 'network', step: 'look at the network', error: messageOf(error) });
        this.#fail([...failures.values()]);
        return false;
      }
    }
    return false;
  }

  /** One look and the steps that follow from it. @returns how many steps were carried out. */
  async #round(declared: DeclaredNetwork, failures: Map<string, NetworkFailure>, signal: AbortSignal): Promise<number> {
    const observed = await observeNetwork(this.#deps.run, this.#dhcp, this.resolvConf, signal);
    const plan = this.#plan(declared, observed);
    const condition = networkCondition(observed, plan.resolver, plan.managed);
    const due = plan.steps.filter(({ id }) => !failures.has(id));
    // Name servers count once they are in the resolver's file.
    if (!due.some(({ kind }) => kind === 'write-resolv-conf'))
      this.#tell(networkStatus(observed, plan, condition, [...failures.values()]));
    for (const step of due) {
      signal.throwIfAborted();
      const error = await this.#carryOut(step, signal);
      if (error !== undefined) failures.set(step.id, { subject: step.subject, step: step.summary, error });
    }
    return due.length;
  }

  #plan({ network, dns }: DeclaredNetwork, observed: Parameters<typeof planNetwork>[0]['observed']): NetworkPlan {
    const reasonOf = (key: string): Reason =>
      this.#reason.kind === 'config' ? { ...this.#reason, key } : this.#reason;
    return planNetwork({ network, dns, observed, leasesDirectory: this.#dhcp.leasesDirectory, reasonOf });
  }

  async #carryOut(step: NetworkStep, signal: AbortSignal): Promise<string | undefined> {
    const { run, onStep } = this.#deps;
    try {
      await executeNetworkStep(step, { run, dhcp: this.#dhcp, resolvConf: this.resolvConf }, signal);
      onStep(step, undefined);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      onStep(step, messageOf(error));
      return messageOf(error);
    }
  }

  #fail(failures: readonly NetworkFailure[]): void {
    if (this.#status !== undefined) this.#tell({ ...this.#status, failures });
  }

  #tell(status: NetworkStatus): void {
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    const wasReady = this.#status?.condition.ready === true;
    this.#status = status;
    if (status.condition.ready) this.#ready.resolve();
    else if (wasReady) this.#ready = Promise.withResolvers();
    this.#deps.onStatus(status);
  }
}
