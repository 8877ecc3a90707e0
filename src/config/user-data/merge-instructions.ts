import { isMapping } from '../shape.ts';
import { MergeFailure, type Merger } from './mergers.ts';

const names = ['dict', 'list', 'str'] as const;

/** Rules in the form of text: `list(append)+dict(recurse_array)+str()`. Pure. Throws MergeFailure. */
export function readMergeText(text: string): Merger[] {
  return text.split('+').flatMap((entry): Merger[] => {
    const rule = entry.trim().toLowerCase().replaceAll('-', '_');
    if (rule === '') return [];
    const match = /^([a-z_][a-z0-9_]*)\((.*?)\)$/.exec(rule);
    if (match === null) throw new MergeFailure(`${JSON.stringify(entry.trim())} is not of the form name(options)`);
    const [, name = '', options = ''] = match;
    const words = options.split(',').map((option) => option.trim());
    return [
      merger(
        name,
        words.filter((option) => option !== ''),
      ),
    ];
  });
}

/** Rules as they stand under `merge_how`: text, or a list of mappings or of lists. Pure. Throws MergeFailure. */
export function readMergeValue(value: unknown): Merger[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return readMergeText(value);
  if (!Array.isArray(value)) throw new MergeFailure('expected text, or a list of mappings with "name" and "settings"');
  return value.flatMap((entry: unknown): Merger[] => {
    if (isMapping(entry)) {
      const { name, settings } = entry;
      if (typeof name !== 'string' || settings === undefined)
        throw new MergeFailure('expected a mapping with "name" and "settings"');
      const options = typeof settings === 'string' ? settings : textsIn(settings);
      const known = name.replaceAll('-', '_').trim();
      return known === '' ? [] : [merger(known, options)];
    }
    const [name, ...options] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name !== 'string') throw new MergeFailure('expected a mapping with "name" and "settings"');
    return name === '' ? [] : [merger(name, textsIn(options))];
  });
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function merger(name: string, options: Merger['options']): Merger {
  const known = names.find((candidate) => candidate === name.replace(/^m_/, ''));
  if (known === undefined)
    throw new MergeFailure(`there are no rules called ${JSON.stringify(name)}: only dict, list and str`);
  return { name: known, options };
}
