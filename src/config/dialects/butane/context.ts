import type { DocumentPath } from '../../../core/diagnostic.ts';
import type { LocalFiles } from '../../local-files.ts';
import type { Place } from '../../place.ts';
import type { Spec } from './spec/variants.ts';

/** What the steps of a translation share. */
export interface Translating {
  readonly spec: Spec;
  /** Absent: what takes local files in is an error. */
  readonly files: LocalFiles | undefined;
  /** False: contents are not compressed, whatever their size. */
  readonly compresses: boolean;
  /** The place of a path of the Butane text. */
  readonly at: (path: DocumentPath) => Place;
}
