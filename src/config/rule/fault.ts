import type { DocumentPath } from '../../core/diagnostic.ts';
import type { Word } from './rule.ts';

/** One way in which a value breaks a rule, or what is deprecated in it. */
export interface Fault {
  readonly kind: 'error' | 'deprecation';
  readonly path: DocumentPath;
  /** How long the path is for the validator: it sees a key that should not be there in its mapping. */
  readonly depth: number;
  readonly at?: 'key';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** The values that the broken rule knows for a key `type` of the same mapping. */
  readonly typeWords: readonly Word[];
}
