/** What has changed since a moment: some services, or perhaps anything. Moments are counted, not timed. */
export class Changes {
  readonly #services = new Map<string, number>();
  #anything = 0;
  #now = 0;

  /** The present moment. */
  get now(): number {
    return this.#now;
  }

  /** Containers of this service changed. */
  noteService(name: string): void {
    this.#now += 1;
    this.#services.set(name, this.#now);
  }

  /** Anything may have changed. */
  noteAnything(): void {
    this.#now += 1;
    this.#anything = this.#now;
    this.#services.clear();
  }

  /** The services that changed after a moment; undefined when anything may have. */
  since(moment: number): string[] | undefined {
    if (this.#anything > moment) return undefined;
    return [...this.#services].flatMap(([name, at]) => (at > moment ? [name] : []));
  }
}
