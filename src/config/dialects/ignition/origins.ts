import type { Place } from '../../place.ts';

/** Where the structures of a config stand; those of a config that another one refers to stand at the reference. */
export class Origins {
  readonly #places = new WeakMap<object, Place>();

  /** Remembers a structure and all below it, each at its own place. */
  add(value: unknown, place: Place): void {
    if (typeof value !== 'object' || value === null) return;
    this.#places.set(value, place);
    const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [part, child] of entries) this.add(child, place.child(part));
  }

  /** Remembers a structure and all below it at one place. */
  addAt(value: unknown, place: Place): void {
    if (typeof value !== 'object' || value === null) return;
    this.#places.set(value, place);
    for (const child of Object.values(value)) this.addAt(child, place);
  }

  /** A structure made of another one stands where that one does. */
  derive(value: object, from: object): void {
    const place = this.#places.get(from);
    if (place !== undefined) this.#places.set(value, place);
  }

  /** @param fallback for what is not known. */
  of(value: unknown, fallback: Place): Place {
    const isKnown = typeof value === 'object' && value !== null;
    return (isKnown ? this.#places.get(value) : undefined) ?? fallback;
  }
}
