import type { DocumentPath, Problem } from '../core/diagnostic.ts';

/** A value's place in a document, where problems with it are reported. */
export class Place {
  readonly path: DocumentPath;
  readonly #report: (problem: Problem) => void;
  /** What is the same for all places of a document. */
  readonly #document: object;

  constructor(path: DocumentPath, report: (problem: Problem) => void, document: object = report) {
    this.path = path;
    this.#report = report;
    this.#document = document;
  }

  child(part: string | number): Place {
    return new Place([...this.path, part], this.#report, this.#document);
  }

  /** The same place; what is reported there and below goes through `change` first. */
  via(change: (problem: Problem) => Problem): Place {
    return new Place(this.path, (problem) => this.#report(change(problem)), this.#document);
  }

  /** True for places of one document. */
  sameDocument(other: Place): boolean {
    return this.#document === other.#document;
  }

  /** The value is wrong: what was asked for does not happen. */
  error(code: string, message: string, hint?: string, at?: 'key' | 'value'): void {
    this.#add('error', code, message, hint, at);
  }

  /** The value is understood, but something else happens than its writer may expect. */
  warn(code: string, message: string, hint?: string, at?: 'key' | 'value'): void {
    this.#add('warning', code, message, hint, at);
  }

  inform(code: string, message: string, hint?: string, at?: 'key' | 'value'): void {
    this.#add('info', code, message, hint, at);
  }

  #add(severity: Problem['severity'], code: string, message: string, hint?: string, at?: 'key' | 'value'): void {
    this.#report({
      path: this.path,
      severity,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(at === undefined ? {} : { at }),
    });
  }
}
