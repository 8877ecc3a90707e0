/** How much a step disturbs the host, from least to most. */
export type Cost = 'live' | 'restart-service' | 'restart-engine' | 'reboot';

export const costs = ['live', 'restart-service', 'restart-engine', 'reboot'] as const satisfies readonly Cost[];

/**
 * Why a step is in the plan. A reason may have a cause of its own, so a step carries a chain:
 * `web` restarts because `db` was replaced, because `berth.services.db.image` changed.
 */
export type Reason = (
  | { readonly kind: 'config'; readonly key: string; readonly change: 'added' | 'changed' | 'removed' }
  | { readonly kind: 'health'; readonly service: string; readonly result: string }
  | { readonly kind: 'exited'; readonly service: string; readonly exitCode: number; readonly oomKilled?: boolean }
  | { readonly kind: 'drift'; readonly detail: string }
  | { readonly kind: 'dependency'; readonly service: string }
  | { readonly kind: 'schedule'; readonly expression: string; readonly due: string }
  | { readonly kind: 'operator'; readonly command: string; readonly who: string }
  | { readonly kind: 'rollback'; readonly service: string; readonly detail: string }
  | { readonly kind: 'image'; readonly reference: string; readonly detail: string }
  | { readonly kind: 'boot' }
  | { readonly kind: 'budget'; readonly detail: string }
  | { readonly kind: 'demand'; readonly socket: string }
) & { readonly cause?: Reason };

/** What every step has, whatever part of the host it changes. */
export interface StepBase {
  /** Stable within one plan and across re-planning of the same work: `start-service:web`. */
  readonly id: string;
  readonly kind: string;
  /** What is changed: `service/web`, `network/front`, `host/hostname`. */
  readonly subject: string;
  readonly cost: Cost;
  readonly reason: Reason;
  /** One line for a person: "create and start web (example/web:1.4)". */
  readonly summary: string;
  /** Ids of steps of the same plan that must be done first. */
  readonly after: readonly string[];
}

/** What is told of a step that was carried out. */
export interface FinishedStep extends Pick<StepBase, 'kind' | 'subject' | 'cost' | 'reason' | 'summary'> {
  readonly outcome: 'done' | 'failed';
  readonly durationMs: number;
  /** The tail of the error. */
  readonly error?: string;
}

/** Something the config asks for that this host deliberately leaves alone, and why. */
export interface SkippedStep {
  readonly subject: string;
  readonly key: string;
  readonly why: string;
}

/** The result of one config key after an apply. */
export type KeyOutcome = 'changed' | 'unchanged' | 'failed' | 'skipped' | 'pending';

export interface KeyReport {
  /** Key path in the host config: `berth.services.web`. */
  readonly key: string;
  readonly outcome: KeyOutcome;
  readonly why?: string;
}

/** The one-line text of a reason, without its causes. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'config':
      return `${reason.key} ${reason.change}`;
    case 'health':
      return `${reason.service} is ${reason.result}`;
    case 'exited':
      return `${reason.service} exited with ${reason.exitCode}${reason.oomKilled === true ? ' (out of memory)' : ''}`;
    case 'drift':
      return reason.detail;
    case 'dependency':
      return `depends on ${reason.service}`;
    case 'schedule':
      return `schedule ${reason.expression}, due ${reason.due}`;
    case 'operator':
      return `${reason.who} ran "${reason.command}"`;
    case 'rollback':
      return `${reason.service} rolled back: ${reason.detail}`;
    case 'image':
      return `${reason.reference} ${reason.detail}`;
    case 'boot':
      return 'the host booted';
    case 'budget':
      return reason.detail;
    case 'demand':
      return `somebody used ${reason.socket}`;
  }
}

/** The whole chain of a reason, nearest first. */
export function reasonChain(reason: Reason): string[] {
  const chain: string[] = [];
  for (let link: Reason | undefined = reason; link !== undefined; link = link.cause) chain.push(describeReason(link));
  return chain;
}

/** The highest cost of any step, or undefined for an empty plan. */
export function highestCost(steps: readonly { readonly cost: Cost }[]): Cost | undefined {
  let highest = -1;
  for (const { cost } of steps) highest = Math.max(highest, costs.indexOf(cost));
  return costs[highest];
}
