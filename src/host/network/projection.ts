import type { Reason } from '../../core/plan.ts';
import type { Creation } from './creation.ts';
import type { ObservedLink, ObservedNetwork, ObservedRoute } from './observed.ts';
import type { NetworkAction, NetworkStep } from './steps.ts';
import { summaryOf } from './summary.ts';

/**
 * The network as it will be after the steps that were planned so far. Only what a later step depends on is followed:
 * what the kernel takes away by itself must not be planned away again.
 */
export class Projection {
  readonly steps: NetworkStep[] = [];
  readonly #links: Map<string, ObservedLink>;
  #routes: readonly ObservedRoute[];
  readonly #reasonOf: (key: string) => Reason;

  constructor({ links, routes }: ObservedNetwork, reasonOf: (key: string) => Reason) {
    this.#links = new Map(links.map((link) => [link.name, link]));
    this.#routes = routes;
    this.#reasonOf = reasonOf;
  }

  get links(): readonly ObservedLink[] {
    return [...this.#links.values()];
  }

  /** Berth's own. */
  get routes(): readonly ObservedRoute[] {
    return this.#routes.filter(({ isOurs }) => isOurs);
  }

  link(name: string): ObservedLink | undefined {
    return this.#links.get(name);
  }

  /** A step that nothing later in the plan depends on. */
  add(key: string, action: NetworkAction): void {
    const { subject, detail, text } = summaryOf(action);
    const last = this.steps.at(-1);
    this.steps.push({
      id: `${action.kind}:${detail}`,
      subject: `network/${subject}`,
      cost: 'live',
      reason: this.#reasonOf(key),
      summary: text,
      after: last === undefined ? [] : [last.id],
      ...action,
    });
  }

  /** A device has to be down for it, and that takes its IPv6 addresses and its routes away. */
  rename(key: string, from: string, to: string): void {
    const link = this.#links.get(from);
    if (link === undefined) return;
    this.add(key, { kind: 'rename-link', from, to });
    this.#links.delete(from);
    const addresses = link.addresses.filter(({ address }) => !address.includes(':'));
    this.#links.set(to, { ...link, name: to, isUp: false, addresses });
    this.#dropRoutes(from);
  }

  create(key: string, name: string, creation: Creation, alias: string): void {
    this.add(key, { kind: 'create-link', link: name, creation, alias });
    const { kind } = creation;
    const nothingYet = { index: 0, macAddress: '', isUp: false, hasCarrier: false, mtu: 0, addresses: [] };
    this.#links.set(name, { ...nothingYet, name, kind, isEthernet: true, takesRa: true, alias });
  }

  delete(key: string, name: string): void {
    this.add(key, { kind: 'delete-link', link: name });
    this.#links.delete(name);
    this.#dropRoutes(name);
    for (const { master, ...link } of this.links) if (master === name) this.#links.set(link.name, link);
  }

  join(key: string, name: string, master: string, isBond: boolean): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    this.add(key, { kind: 'join-link', link: name, master, isBond });
    this.#links.set(name, { ...link, master, isUp: true });
    if (isBond) this.#dropRoutes(name);
  }

  #dropRoutes(name: string): void {
    this.#routes = this.#routes.filter(({ link }) => link !== name);
  }
}
