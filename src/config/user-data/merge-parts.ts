import { applyPatch, type Operation } from 'rfc6902';
import { messageOf } from '../../core/errors.ts';
import { isMapping } from '../shape.ts';
import type { ConfigPart } from './config-part.ts';
import { readMergeText, readMergeValue } from './merge-instructions.ts';
import { mergeInstructions } from './merge-shape.ts';
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
  const { key, value, content } = takeInstruction(after);
  const place = key === undefined ? part.root : part.root.child(key);
  if (key !== undefined) mergeInstructions.read(value, place);
  if (key !== undefined && before.entries.size === 0)
    place.inform('no-effect', 'there is nothing before this part that it could be merged into', undefined, 'key');
  if (content.entries.has('merge_type')) {
    const unused = part.root.child('merge_type');
    unused.warn('no-effect', 'is not used, because there is "merge_how", too', undefined, 'key');
  }
  try {
    const mergers = [...readMergeValue(value), ...readMergeText(part.part.mergeType ?? '')];
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

/** What of a mapping says how it is merged, and the rest; of two instructions `merge_type` stays where it is. Pure. */
export function takeInstruction(tree: TreeMap): { key?: string; value?: unknown; content: TreeMap } {
  const entries = new Map(tree.entries);
  for (const key of ['merge_how', 'merge_type']) {
    const found = entries.get(key);
    entries.delete(key);
    const value = found === undefined ? null : dataOf(found);
    if (value !== null) return { key, value, content: { ...tree, entries } };
  }
  return { content: { ...tree, entries } };
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
  const data = dataOf(before);
  for (const [index, operation] of (operations as Operation[]).entries()) {
    const problem = applyOne(data, operation);
    if (problem !== undefined) throw new MergeFailure(`operation ${index + 1}: ${problem}`);
  }
  return changedTree(before, data, { source, path: [] }) as TreeMap;
}

/** @returns what is wrong with an operation; undefined when it was carried out. */
function applyOne(data: unknown, operation: Operation): string | undefined {
  if (!isMapping(operation) || typeof operation.path !== 'string') return 'expected a mapping with "op" and "path"';
  if (!hasPlace(data, operation.path)) return `there is no place ${operation.path}`;
  try {
    return applyPatch(data, [operation])[0]?.message;
  } catch (error) {
    return messageOf(error);
  }
}

/** RFC 6901, 4: in a list a number without leading zeros that is no more than its length, or `-`. The library takes any. */
function hasPlace(data: unknown, pointer: string): boolean {
  const tokens = pointer.split('/').slice(1);
  let current = data;
  for (const [index, escaped] of tokens.entries()) {
    const token = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    const isLast = index === tokens.length - 1;
    if (Array.isArray(current)) {
      const isNumber = /^(0|[1-9]\d*)$/.test(token) && Number(token) <= current.length;
      if (!isNumber && !(isLast && token === '-')) return false;
      current = current[Number(token)] as unknown;
    } else if (isMapping(current)) {
      if (!isLast && !Object.hasOwn(current, token)) return false;
      current = current[token];
    } else {
      return false;
    }
  }
  return true;
}
