import type { BootEntry } from '../../boot/boot-entry.ts';
import { BerthError } from '../../core/errors.ts';
import type { Reason } from '../../core/plan.ts';
import { type Choice, chooseRelease, type UpdatingHost } from '../feed/choose-release.ts';
import type { Feed, FeedRelease } from '../feed/feed.ts';
import { whyNotText } from '../feed/why-not-text.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import { planTransfer } from '../transfer/plan-transfer.ts';
import { expiringSoon } from '../tuf/expiry.ts';
import type { Expiry } from '../tuf/tuf-client.ts';
import { planUpdate, type UpdateStep } from './update-plan.ts';
import type { UpdateTarget } from './update-state.ts';

/** What a feed has for a host: a release of it, or why there is none. */
export type Found =
  | { readonly release: FeedRelease; readonly why: string }
  | { readonly release: undefined; readonly why: string };

/**
 * The release that a host takes by itself, or with `to` the one that an operator names: he need not wait for the rollout and may take
 * one again that failed here; not one that was revoked, nor an older one, nor one behind a barrier. Pure. Throws NOT_FOUND, CONFIG_INVALID.
 */
export function findRelease(feed: Feed, host: UpdatingHost, to?: string): Found {
  if (to === undefined) {
    const { choice } = chooseRelease(feed, host);
    if (choice.kind === 'none') return { release: undefined, why: whyNotText(choice.why) };
    return { release: choice.release, why: `${choice.release.version} is offered` };
  }
  const mine = feed.releases.filter(
    ({ architecture, kernel }) => architecture === host.architecture && kernel === host.kernel,
  );
  const release = mine.filter(({ version }) => version === to).toSorted((a, b) => b.sequence - a.sequence)[0];
  if (release === undefined)
    throw new BerthError(
      'NOT_FOUND',
      `the channel ${feed.channel} has no ${to} for ${host.architecture} ${host.kernel}`,
      {
        hint: `it has ${mine.map(({ version }) => version).join(', ') || 'nothing for this host'}`,
      },
    );
  if (release.rootHash === host.rootHash) return { release: undefined, why: `${to} runs already` };
  const choice = chooseNamed(feed, host, release.sequence, release);
  if (choice.kind === 'release' && choice.release === release) return { release, why: `${to} was named` };
  if (choice.kind === 'release')
    throw new BerthError('CONFIG_INVALID', `${to} comes after ${choice.release.version}, which has to run here first`, {
      hint: `berth os update --to ${choice.release.version}`,
    });
  throw new BerthError(
    'CONFIG_INVALID',
    choice.why.kind === 'newest' ? `${to} is older than what ran here` : whyNotText(choice.why),
    choice.why.kind === 'newest' ? { hint: 'berth os rollback goes back to the release before' } : {},
  );
}

/**
 * What a host may take when an operator names a release with this sequence: that one, what has to run here before it, or none. Pure.
 * @param release absent: the feed does not have it.
 */
export function chooseNamed(
  feed: Feed,
  host: UpdatingHost,
  sequence: number,
  release: FeedRelease | undefined,
): Choice['choice'] {
  const isInTheWay = (one: FeedRelease): boolean => one.barrier === true && one.sequence < sequence;
  const counts = feed.releases.filter((one) => one === release || one.rootHash === host.rootHash || isInTheWay(one));
  return chooseRelease({ ...feed, releases: counts }, { ...host, isNamed: true }).choice;
}

/** What somebody should know who looks at a feed. Pure. */
export function warningsOf(feed: Feed, expiries: readonly Expiry[], host: UpdatingHost): string[] {
  const { running } = chooseRelease(feed, host);
  return [
    ...(running?.revoked === undefined ? [] : [`${running.version}, which runs, was revoked: ${running.revoked}`]),
    ...expiringSoon(expiries, host.nowMs).map(({ role, expires }) => `the repository’s ${role} expires at ${expires}`),
  ];
}

/** Pure. */
export function targetOf({ version, sequence, rootHash, manifest, urgent }: FeedRelease): UpdateTarget {
  return { version, sequence, rootHash, digest: manifest.sha256, ...(urgent === true ? { isUrgent: true } : {}) };
}

/** What it would take to bring a release to this host. Pure. */
export function stepsTo(
  target: UpdateTarget,
  { artifacts, uki }: ReleaseManifest,
  running: { readonly name: string; readonly rootHash: string },
  entries: readonly BootEntry[],
  reason: Reason,
): readonly UpdateStep[] {
  const bytesOf = (kind: 'full' | 'index'): number => artifacts.find((one) => one.kind === kind)?.bytes ?? 0;
  const delta = artifacts.find((one) => one.kind === 'delta' && one.fromRootHash === running.rootHash);
  const { bytes } = planTransfer({
    ...{ full: bytesOf('full'), index: bytesOf('index') },
    ...(delta === undefined ? {} : { delta: delta.bytes }),
  });
  return planUpdate({ running, entries, target, bytes: { slot: bytes, kernel: uki.bytes }, reason });
}
