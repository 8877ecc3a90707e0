import { applyPatch, type Operation } from 'rfc6902';
import { messageOf } from '../../core/errors.ts';
import type { ConfigPart } from './config-part.ts';
import { readMergeText, readMergeValue } from './merge-instructions.ts';
import { MergeFailure, type Merger, mergeTrees, partMergers } from './mergers.ts';
import { textOfPart, type UserDataPart } from './part.ts';
import { changedTree, dataOf, type TreeMap } from './tree.ts';

/** Nothing declared yet. */
export const emptyTree: TreeMap = { kind: 'map', entries: new Map(), origin: { source: 0, path: [] } };

/**
 * A part of user-data merged into those before it, by its own instructions: in its text, then those of its headers. A part
 * that cannot be merged is left out, as by cloud-init, and reported. Pure.
 */
export function mergePart(before: TreeMap, after: TreeMap, part: ConfigPart): TreeMap {
  const entries = new Map(after.entries);
  // Of two instructions cloud-init takes `merge_how`, and leaves the other one in the config.
  const key = ['merge_how', 'merge_type'].find((name) => {
    const value = entries.get(name);
    return value !== undefined && !(value.kind === 'scalar' && value.value === null);
  });
  const instruction = key === undefined ? undefined : entries.get(key);
  for (const name of key === 'merge_how' ? [key] : ['merge_how', 'merge_type']) entries.delete(name);
  const content: TreeMap = { ...after, entries };
  const place = key === undefined ? part.root : part.root.child(key);
  try {
    const own = instruction === undefined ? [] : readMergeValue(dataOf(instruction));
    const mergers = [...own, ...readMergeText(part.part.mergeType ?? '')];
    if (mergers.length === 0) return mergeByDefault(before, content);
    if (!mergers.some(({ name }) => name === 'dict'))
      place.warn(
        'no-effect',
        'this part has no effect: without "dict" among its merge rules nothing of it is merged',
        'add dict(replace) or dict(recurse_array)',
      );
    return mergeTrees(before, content, mergers) as TreeMap;
  } catch (error) {
    if (!(error instanceof MergeFailure)) throw error;
    const report = { code: 'merge', message: `this part is left out: ${error.message}` } as const;
    part.reportAt({ path: key === undefined ? ['merge_type'] : [key], severity: 'error', ...report });
    return before;
  }
}

/** Top-level keys replace those before; `berth` is one level deeper. */
function mergeByDefault(before: TreeMap, after: TreeMap, mergers: readonly Merger[] = partMergers): TreeMap {
  const merged = mergeTrees(before, after, mergers) as TreeMap;
  const [old, added] = [before.entries.get('berth'), after.entries.get('berth')];
  if (old?.kind !== 'map' || added?.kind !== 'map') return merged;
  return { ...merged, entries: new Map(merged.entries).set('berth', mergeTrees(old, added, mergers)) };
}

/**
 * What comes of a `#cloud-config-jsonp` part: a JSON patch (RFC 6902) of what was merged before it, all of it or nothing.
 * Pure. Throws MergeFailure.
 */
export function patchTree(before: TreeMap, part: UserDataPart, source: number): TreeMap {
  const text = textOfPart(part)
    .trimStart()
    .replace(/^#cloud-config-jsonp/i, '');
  let operations: unknown;
  try {
    operations = JSON.parse(text);
  } catch (error) {
    throw new MergeFailure(`it is not JSON: ${messageOf(error)}`);
  }
  if (!Array.isArray(operations)) throw new MergeFailure('a JSON patch is a list of operations');
  const data = structuredClone(dataOf(before));
  const problems = applyPatch(data, operations as Operation[]);
  const index = problems.findIndex((problem) => problem !== null);
  if (index !== -1) throw new MergeFailure(`operation ${index + 1}: ${problems[index]?.message ?? 'does not fit'}`);
  return changedTree(before, data, { source, path: [] }) as TreeMap;
}
