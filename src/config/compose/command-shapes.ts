import { list, text as sharedText } from '../shape.ts';
import { type ComposeShape, listOf, orReport, shapeOf } from './compose-shape.ts';
import { text } from './scalar-shapes.ts';
import { splitShellWords } from './shell-words.ts';

/** A list of texts. */
export const textList = listOf(text);

const words = list(sharedText);

/** A command: a list of words, or one line that is split into words without any shell; nothing keeps the image's own. */
export const command: ComposeShape<string[]> = shapeOf({
  name: 'a list of words or one line of text',
  schema: { anyOf: [{ type: 'null' }, sharedText.schema, words.schema] },
  is: (value): value is null | string | unknown[] =>
    value === null || typeof value === 'string' || Array.isArray(value),
  read(value, place) {
    if (value === null) return undefined;
    if (Array.isArray(value)) return words.read(value, place);
    const split = orReport(() => splitShellWords(value), place);
    if (split !== undefined && split.rest !== '') {
      const hint = 'to run it in a shell, write ["sh", "-c", "…"]; to pass it on as a word, quote it';
      place.warn('unsupported', `${JSON.stringify(split.rest)} is ignored: no shell reads a command`, hint);
    }
    return split === undefined ? undefined : [...split.words];
  },
});

/** A healthcheck's test: words behind `CMD`, a line behind `CMD-SHELL`, `NONE`; one line of text means `CMD-SHELL`. */
export const healthTest: ComposeShape<string[]> = shapeOf({
  name: 'a list that starts with CMD, CMD-SHELL or NONE, or one line of text',
  schema: { anyOf: [sharedText.schema, words.schema] },
  is: (value): value is string | unknown[] => typeof value === 'string' || Array.isArray(value),
  read: (value, place) => (typeof value === 'string' ? ['CMD-SHELL', value] : words.read(value, place)),
});

/** True when the engine knows what to do with a healthcheck's test. */
export function isHealthTest([first]: readonly string[]): boolean {
  return first === undefined || ['NONE', 'CMD', 'CMD-SHELL'].includes(first);
}
