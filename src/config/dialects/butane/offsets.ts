import { type DocumentPath, formatPath } from '../../../core/diagnostic.ts';
import type { TextPosition } from '../../yaml-source.ts';

/** A part of a text, from its first character to behind its last one. */
export interface Extent {
  readonly offset: number;
  readonly end: number;
}

/** Where values and keys stand: formatted path → offsets into the text. */
export class Offsets {
  readonly #places = new Map<string, { readonly key: number; readonly value: Extent }>();
  readonly #position: (offset: number) => TextPosition;

  constructor(position: (offset: number) => TextPosition) {
    this.#position = position;
  }

  set(path: DocumentPath, key: number, value: Extent): void {
    const { offset, end } = value;
    this.#places.set(formatPath(path), { key, value: { offset, end } });
  }

  /** Of the value or the key of a path; of its nearest known ancestor when the text has no such path. */
  positionOf(path: DocumentPath, at: 'key' | 'value' = 'value'): TextPosition {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) {
        const isKey = length === path.length && at === 'key';
        return this.#position(isKey ? place.key : place.value.offset);
      }
    }
    return this.#position(0);
  }

  /** Where in the text the value of a path is; undefined when the text has no such path. */
  extentOf(path: DocumentPath): Extent | undefined {
    return this.#places.get(formatPath(path))?.value;
  }

  /** Every path of the text with the position of its key. */
  positions(): Map<string, TextPosition> {
    return new Map([...this.#places].map(([path, { key }]) => [path, this.#position(key)]));
  }
}
