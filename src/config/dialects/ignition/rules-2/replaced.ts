import { parseGoUrl } from '../../../go/go-url.ts';
import type { SeeReplaced } from '../decode.ts';

const readable: Readonly<Record<string, (text: string) => boolean>> = {
  version: (text) => /^\d+\.\d+\.\d+(?:[-+]|$)/.test(text),
  source: (text) => parseGoUrl(text) !== undefined,
  hash: (text) => text.includes('-'),
};

/** Version 2.0 takes these values apart while it reads: each one must be well-formed, also where the last of a key counts. */
export const seeReplaced20: SeeReplaced = (field, value, place) => {
  if (typeof value !== 'string' || readable[field]?.(value) !== false) return true;
  place.error('invalid-value', `a "${field}" before this one is not well-formed`, 'leave the first one out');
  return false;
};
