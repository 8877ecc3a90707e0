import type { LayerName } from './layer-names.ts';
import { readMergeValue } from './merge-instructions.ts';
import { emptyTree, takeInstruction } from './merge-parts.ts';
import { layerMergers, MergeFailure, mergeTrees } from './mergers.ts';
import type { Tree, TreeMap } from './tree.ts';

/**
 * All layers as one config: what a higher one says holds; what it leaves out is filled in from the ones below, at every
 * depth of mappings. Lists are not joined, but for the keys that the platform has for the machine: those are always let in.
 * Pure. Source: cloud-init's `ConfigMerger`, and its modules for names and keys.
 */
export function stackLayers(layers: ReadonlyMap<LayerName, TreeMap>): TreeMap {
  const { 'meta-data': platform = emptyTree, ...declared } = Object.fromEntries(layers) as Partial<
    Record<LayerName, TreeMap>
  >;
  let result = fillIn(emptyTree, declared.local);
  result = fillIn(result, declared['user-data']);
  if (!refusesVendor(result)) result = fillIn(result, declared['vendor-data']);
  return withPlatform(result, platform);
}

/** What a layer still says of merging holds for all of it. */
function fillIn(upper: TreeMap, lower: TreeMap | undefined): TreeMap {
  if (lower === undefined) return upper;
  const { value, content } = takeInstruction(lower);
  try {
    const mergers = readMergeValue(value);
    return mergeTrees(upper, content, mergers.length === 0 ? layerMergers : mergers) as TreeMap;
  } catch (error) {
    if (!(error instanceof MergeFailure)) throw error;
    return mergeTrees(upper, content, layerMergers) as TreeMap;
  }
}

/** True when the user wants nothing of the vendor's: `vendor_data: {enabled: false}`. Pure. */
export function refusesVendor(tree: TreeMap): boolean {
  const block = tree.entries.get('vendor_data');
  if (block === undefined) return false;
  if (block.kind !== 'map') return true;
  const enabled = block.entries.get('enabled');
  // A block that does not say leaves it as it is. These are the words that cloud-init takes for true.
  if (enabled === undefined) return false;
  return enabled.kind !== 'scalar' || !isTrue(enabled.value);
}

/** As cloud-init takes a value for true (`util.is_true`). Pure. */
export function isTrue(value: unknown): boolean {
  return (
    value === true || (typeof value === 'string' && ['true', '1', 'on', 'yes'].includes(value.toLowerCase().trim()))
  );
}

/** A name given by the user, in either form, goes before the platform's; keys of both open the machine. */
function withPlatform(tree: TreeMap, platform: TreeMap): TreeMap {
  const entries = new Map(tree.entries);
  for (const [key, value] of platform.entries) {
    const present = entries.get(key);
    if (key === 'hostname' && entries.has('fqdn')) continue;
    if (present === undefined) entries.set(key, value);
    else if (key === 'ssh_authorized_keys') entries.set(key, joined(value, present));
  }
  return { ...tree, entries };
}

function joined(first: Tree, second: Tree): Tree {
  if (first.kind !== 'list' || second.kind !== 'list') return second;
  const known = new Set(second.items.map((item) => (item.kind === 'scalar' ? item.value : item)));
  const added = first.items.filter((item) => item.kind !== 'scalar' || !known.has(item.value));
  return { kind: 'list', items: [...second.items, ...added], origin: second.origin };
}
