import { z } from 'zod';
import { BerthError } from '../core/errors.ts';
import { refuse } from './tuf/refusal.ts';

/**
 * Reads a JSON document that was signed, by its schema. Its maker may be careless, so all problems are told. Pure.
 * Throws RELEASE_REFUSED, and UNSUPPORTED when `format` in it is higher than the one given.
 */
export function parseSigned<Schema extends z.ZodType>(
  content: Uint8Array,
  name: string,
  schema: Schema,
  format: number,
): z.infer<Schema> {
  const document = parseJson(content, name);
  const itsFormat = z.object({ format: z.int() }).safeParse(document).data?.format ?? 0;
  if (itsFormat > format) {
    throw new BerthError('UNSUPPORTED', `${name} has format ${itsFormat}, this program reads up to ${format}`, {
      hint: 'update to a release in between first',
    });
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw refuse('malformed', name, z.prettifyError(parsed.error));
  return parsed.data;
}

function parseJson(content: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (cause) {
    throw refuse('malformed', name, 'it is no JSON', cause);
  }
}
