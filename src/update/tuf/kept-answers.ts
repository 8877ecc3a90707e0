/** An answer that a server may say is still the same. */
export interface KeptAnswer {
  /** RFC 9110, section 8.8.3. */
  readonly etag: string;
  readonly content: Uint8Array;
}

/** Of a repository, a timestamp, a feed and a few manifests are asked for again and again. */
const mostAnswers = 16;
/** Bigger answers are not kept. */
const mostBytes = 64 * 2 ** 10;

/** What servers answered last, by URL, to be asked for by its ETag. Outlives the connections to them, and forgets the oldest. */
export class KeptAnswers {
  readonly #answers = new Map<string, KeptAnswer>();

  get(url: string): KeptAnswer | undefined {
    return this.#answers.get(url);
  }

  /** `etag`: undefined for an answer that cannot be asked for so. */
  keep(url: string, etag: string | undefined, content: Uint8Array): void {
    this.#answers.delete(url);
    if (etag === undefined || content.length > mostBytes) return;
    this.#answers.set(url, { etag, content });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > mostAnswers && oldest !== undefined) this.#answers.delete(oldest);
  }
}
