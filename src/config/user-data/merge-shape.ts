import { record } from '../record-shape.ts';
import { either, list, oneOf, text } from '../shape.ts';

const mergeSettings = [
  'allow_delete',
  'no_replace',
  'replace',
  'append',
  'prepend',
  'recurse_dict',
  'recurse_list',
  'recurse_array',
  'recurse_str',
] as const;

/** `merge_how`, `merge_type`. */
export const mergeInstructions = either(
  text,
  list(
    record(
      { name: oneOf(['list', 'dict', 'str']), settings: list(oneOf(mergeSettings)) },
      { required: ['name', 'settings'], unknown: 'error' },
    ),
  ),
);
