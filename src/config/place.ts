import type { DocumentPath, Problem } from '../core/diagnostic.ts';

/** A value's place in a document, where problems with it are reported. */
export class Place {
  readonly path: DocumentPath;
  readonly #report: (problem: Problem) => void;

  constructor(path: DocumentPath, report: (problem: Problem) => void) {
    this.path = path;
    this.#report = report;
  }

  child(part: string | number): Place {
    return new Place([...this.path, part], this.#report);
  }

  /** True for places of one document. */
  sameDocument(other: Place): boolean {
    return this.#report === other.#report;
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
