/** Where an image keeps which release repository it trusts: a part of the verified /usr. */
export const trustDirectory = '/usr/share/berth/update';

/** Root metadata that hosts of a release trust, beside its `release.json` or the `manifest.json` of an image: for whoever publishes it. */
export const trustNote = 'trusted-root.json';

/** A release repository that an image trusts from the first boot on. */
export interface BakedTrust {
  /** Root metadata of TUF, as its maker signed it: the text of root.json. */
  readonly root: string;
  /** Where hosts look for releases, unless their config names another place. */
  readonly feed?: BakedFeed;
}

/** The content of feed.json. */
export interface BakedFeed {
  /** URL of the repository. */
  readonly feed: string;
  readonly channel: string;
}

/** The files in {@link trustDirectory}, by name. Pure. */
export function trustFiles({ root, feed }: BakedTrust): ReadonlyMap<string, string> {
  return new Map([
    ['root.json', root],
    ...(feed === undefined ? [] : [['feed.json', `${JSON.stringify(feed)}\n`] as const]),
  ]);
}
