import type { WhyNot } from './choose-release.ts';

/** For a person, in one line. Pure. */
export function whyNotText(why: WhyNot): string {
  switch (why.kind) {
    case 'newest':
      return 'there is nothing newer';
    case 'held':
      return `held until ${new Date(why.untilMs).toISOString()}`;
    case 'dead-end':
      return `${why.version} is a dead end: ${why.reason}`;
    case 'pinned':
      return `${why.version} is there, but this host is pinned to ${why.pin}`;
    case 'revoked':
      return `${why.version} was revoked: ${why.reason}`;
    case 'paused':
      return `${why.version} is paused: ${why.reason}`;
    case 'rejected':
      return `${why.version} failed here before`;
    case 'refused':
      return `${why.version} was refused here: ${why.reason}`;
    case 'needs':
      return `${why.version} needs ${why.minimumVersion} first`;
    case 'waiting':
      return `${why.version} is offered to ${percent(why.share)} of the hosts so far, this one comes at ${percent(why.position)}`;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
