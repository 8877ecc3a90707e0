import { createHash } from 'node:crypto';

/** A device that Berth creates; absent members of a bond or a bridge join when they come. */
export type Creation =
  | { readonly kind: 'bond'; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: 'vlan'; readonly id: number; readonly link: string }
  | { readonly kind: 'bridge'; readonly parameters: Readonly<Record<string, string>> };

const prefix = 'berth:';

/** What Berth writes into a created device's alias: that it is Berth's, and from which settings it was made. Pure. */
export function creationMark(creation: Creation): string {
  const parameters =
    'parameters' in creation ? Object.entries(creation.parameters).toSorted() : [creation.id, creation.link];
  const digest = createHash('sha256')
    .update(JSON.stringify([creation.kind, parameters]))
    .digest('hex');
  return `${prefix}${digest.slice(0, 16)}`;
}

/** True for a device that Berth created. Pure. */
export function isOurMark(alias: string | undefined): boolean {
  return alias?.startsWith(prefix) === true;
}
