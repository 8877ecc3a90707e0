import type { Place } from '../../../place.ts';
import type { Translating } from '../context.ts';

/** Reports what Ignition has against a config that is written inline to be merged: it must be JSON at least. */
export function checkMergedConfig(text: string, place: Place, _context: Translating): void {
  try {
    JSON.parse(text);
  } catch {
    place.error('invalid-value', 'is not an Ignition config in JSON');
  }
}
