import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** Whom this process trusts in TLS. There is one of it in a process. */
export class ProcessTrust {
  /** Node's own, as they were before any was declared: PEM. */
  #own: readonly string[] | undefined;

  /**
   * Trusts certificates besides Node's own, in the place of those that were declared before: PEM, one or more in a text. Holds for
   * connections made from now on that name no others.
   */
  declare(certificates: readonly string[]): void {
    // Node's own take a while to read, and most hosts declare none.
    if (this.#own === undefined && certificates.length === 0) return;
    this.#own ??= getCACertificates('default');
    setDefaultCACertificates([...this.#own, ...certificates]);
  }
}
