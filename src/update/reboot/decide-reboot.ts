import type { RebootStrategy, UpdateWindow } from '../../config/host-config.ts';
import type { Inhibitor } from './inhibitor.ts';
import { nextWindow, openWindow } from './window.ts';

/** Whether this host has the right to restart now. */
export type PermitState =
  | { readonly kind: 'none' }
  | { readonly kind: 'held' }
  /** Asked for and not given; to be asked for again then. */
  | { readonly kind: 'refused'; readonly why: string; readonly untilMs: number };

/** What is declared of restarts. */
export interface RebootPolicy {
  readonly strategy: RebootStrategy;
  /** Of the strategies `window` and `permit`. */
  readonly window?: UpdateWindow;
  readonly maxDeferralMs?: number;
}

/** All that the decision depends on. */
export interface RebootFacts extends RebootPolicy {
  readonly nowMs: number;
  /** Since when a release waits to be booted; absent: none does. */
  readonly stagedAtMs?: number;
  /** What waits; absent: a release. */
  readonly what?: 'kernel arguments';
  /** The release is to be booted soon: windows do not count. */
  readonly isUrgent: boolean;
  readonly permit: PermitState;
  readonly inhibitors: readonly Inhibitor[];
  readonly isOperatorAsking: boolean;
}

/** `why` is for a person, in one line without an end. */
export type RebootDecision =
  | { readonly kind: 'now'; readonly why: string }
  /** Ask for the permit, then decide again. */
  | { readonly kind: 'ask-permit'; readonly why: string }
  /** Decide again then, or when something changes; a permit that is held goes back meanwhile. */
  | { readonly kind: 'wait'; readonly why: string; readonly untilMs?: number };

/**
 * Whether a host restarts now for the release that it staged. Pure. `untilMs` is always in the future.
 * An operator who asks goes over everything, the longest deferral over all but the strategies `off` and `staged`.
 */
export function decideReboot(facts: RebootFacts): RebootDecision {
  const { isOperatorAsking, stagedAtMs, strategy, nowMs, maxDeferralMs } = facts;
  if (isOperatorAsking) return { kind: 'now', why: 'an operator asked for it' };
  if (stagedAtMs === undefined) return { kind: 'wait', why: 'no release waits to be booted' };
  if (strategy === 'off' || strategy === 'staged')
    return {
      kind: 'wait',
      why: `the strategy is "${strategy}": whoever restarts this host boots ${facts.what === undefined ? 'the release' : 'it with them'}`,
    };
  const obstacles = obstaclesTo(strategy, facts);
  const [first] = obstacles;
  if (first === undefined) return { kind: 'now', why: stagedText(facts) };
  if (maxDeferralMs === undefined) return first;
  const dueMs = stagedAtMs + maxDeferralMs;
  if (nowMs >= dueMs) {
    const passed = obstacles.map(({ why }) => why).join('; ');
    return { kind: 'now', why: `staged at ${iso(stagedAtMs)}, deferred for as long as may be; passed over: ${passed}` };
  }
  if (first.kind === 'ask-permit') return first;
  const why = `${first.why}; deferred until ${iso(dueMs)} at the latest`;
  return { kind: 'wait', why, untilMs: Math.min(dueMs, first.untilMs ?? dueMs) };
}

type Obstacle = Exclude<RebootDecision, { kind: 'now' }>;

/** All that is in the way, in the order in which it is waited for. */
function obstaclesTo(strategy: 'immediate' | 'window' | 'permit', facts: RebootFacts): Obstacle[] {
  const { nowMs, permit, inhibitors } = facts;
  const obstacles: Obstacle[] = [];
  const closed = strategy === 'immediate' || facts.isUrgent ? undefined : whyClosed(strategy, facts);
  if (closed !== undefined) obstacles.push(closed);
  const active = inhibitors.filter(({ untilMs }) => untilMs > nowMs);
  if (active.length > 0) {
    const why = active.map((one) => `${one.who} postpones it until ${iso(one.untilMs)}: ${one.why}`).join('; ');
    obstacles.push({ kind: 'wait', why, untilMs: Math.max(...active.map(({ untilMs }) => untilMs)) });
  }
  if (strategy === 'permit' && permit.kind !== 'held') {
    const isToAsk = permit.kind === 'none' || permit.untilMs <= nowMs;
    if (isToAsk) obstacles.push({ kind: 'ask-permit', why: 'it needs a permit' });
    else obstacles.push({ kind: 'wait', why: `no permit: ${permit.why}`, untilMs: permit.untilMs });
  }
  return obstacles;
}

function stagedText({ what, isUrgent }: RebootFacts): string {
  if (what !== undefined) return `${what} are staged`;
  return isUrgent ? 'an urgent release is staged' : 'a release is staged';
}

/** With the strategy `permit`, a window is one more condition. */
function whyClosed(strategy: 'window' | 'permit', { window, nowMs }: RebootFacts): Obstacle | undefined {
  if (window === undefined)
    return strategy === 'window' ? { kind: 'wait', why: 'the strategy is "window", and none is declared' } : undefined;
  if (openWindow(window, nowMs) !== undefined) return undefined;
  const next = nextWindow(window, nowMs);
  if (next === undefined) return { kind: 'wait', why: 'the window names no day' };
  return { kind: 'wait', why: `the window opens at ${iso(next.openMs)}`, untilMs: next.openMs };
}

function iso(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
