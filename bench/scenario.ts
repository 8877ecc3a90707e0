import type { PrivateEngine } from '../test/engine/support/private-engine.ts';
import type { ComposePeer } from './compose-peer.ts';
import type { RawPeer } from './raw-peer.ts';

export type PeerName = 'compose' | 'raw' | 'berth';

export type Unit = 's' | 'ms' | 'MB' | 'MiB' | '%';

/** What the issue demands of Berth's median. */
export type Limit<Peer extends string = PeerName> =
  | { readonly kind: 'ratio'; readonly against: Peer; readonly most: number }
  | { readonly kind: 'value'; readonly most: number };

/** One row of the results. */
export interface Measure<Peer extends string = PeerName> {
  /** What is measured, for a person. */
  readonly title: string;
  readonly unit: Unit;
  /** Decimals that mean something; absent: those of the unit. */
  readonly decimals?: number;
  readonly limit?: Limit<Peer>;
}

/** One peer's part of one run: checks the end state before it hands out a time. */
export type Trial = () => Promise<Readonly<Record<string, number>>>;

export interface Prepared {
  readonly peers: Readonly<Partial<Record<PeerName, Trial>>>;
  /** Ends what `prepare` started; the containers are removed after it. */
  close(): Promise<void>;
}

/** What a scenario works with. */
export interface Bench {
  readonly engine: PrivateEngine;
  readonly raw: RawPeer;
  readonly compose: ComposePeer;
  /** A short look: fewer runs, rounds and seconds. */
  readonly quick: boolean;
  /** Which peers take part; a scenario need not start the others. */
  takesPart(peer: PeerName): boolean;
  /** Puts a line under the results. */
  note(text: string): void;
}

export interface Scenario {
  readonly name: string;
  readonly measures: Readonly<Record<string, Measure>>;
  /** One run tells all (memory, processor time): no repetition. */
  readonly once?: boolean;
  prepare(bench: Bench): Promise<Prepared>;
}

/** The medians of one measure, Berth's and its peers'. */
export interface Row<Peer extends string = PeerName> {
  readonly measure: Measure<Peer>;
  readonly medians: Readonly<Partial<Record<Peer | 'berth', number>>>;
}

/** Berth's median in the terms of the limit: a ratio or the value; undefined without a limit or a peer. */
export function standing<Peer extends string>({ measure, medians }: Row<Peer>): number | undefined {
  const { limit } = measure;
  if (limit === undefined || medians.berth === undefined) return undefined;
  if (limit.kind === 'value') return medians.berth;
  const other = medians[limit.against];
  return other === undefined ? undefined : medians.berth / other;
}

/** Whether a row misses its limit. */
export function misses<Peer extends string>(row: Row<Peer>): boolean {
  const value = standing(row);
  return value !== undefined && row.measure.limit !== undefined && value > row.measure.limit.most;
}
