import { type DocumentPath, formatPath } from '../../../core/diagnostic.ts';
import type { TextPosition } from '../../yaml-source.ts';

/** Where values and keys stand: formatted path → offsets into the text. */
export class Offsets {
  readonly #places = new Map<string, { readonly key: number; readonly value: number }>();
  readonly #position: (offset: number) => TextPosition;

  constructor(position: (offset: number) => TextPosition) {
    this.#position = position;
  }

  set(path: DocumentPath, key: number, value: number): void {
    this.#places.set(formatPath(path), { key, value });
  }

  /** Of the value or the key of a path; of its nearest known ancestor when the text has no such path. */
  positionOf(path: DocumentPath, at: 'key' | 'value' = 'value'): TextPosition {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(formatPath(path.slice(0, length)));
      if (place !== undefined) return this.#position(length === path.length ? place[at] : place.value);
    }
    return this.#position(0);
  }

  /** Every path of the text with the position of its key. */
  positions(): Map<string, TextPosition> {
    return new Map([...this.#places].map(([path, { key }]) => [path, this.#position(key)]));
  }
}
