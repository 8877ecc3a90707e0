import type { DocumentPath } from '../../core/diagnostic.ts';
import { isMapping } from '../shape.ts';
import { readYaml } from '../yaml-source.ts';

/** How diagnostics name what was set on the machine itself. */
export const localFile = 'berth config set';

/**
 * The text of what is set on the machine, with a key set to another value; undefined: not set any more, and neither are the
 * mappings that are empty then. Undefined when nothing is left. Pure.
 */
export function withLocalKey(text: string | undefined, path: DocumentPath, value: unknown): string | undefined {
  const data = text === undefined ? {} : readYaml(text, { rulesOf: () => 'cloud-init' }).data;
  const changed = withKey(isMapping(data) ? data : {}, path, value);
  return Object.keys(changed).length === 0 ? undefined : `#cloud-config\n${JSON.stringify(changed, null, 2)}\n`;
}

function withKey(
  data: Readonly<Record<string, unknown>>,
  [first = '', ...rest]: DocumentPath,
  value: unknown,
): Record<string, unknown> {
  const key = String(first);
  const { [key]: present, ...others } = data;
  if (rest.length === 0) return value === undefined ? others : { ...data, [key]: value };
  const inner = withKey(isMapping(present) ? present : {}, rest, value);
  return value === undefined && Object.keys(inner).length === 0 ? others : { ...data, [key]: inner };
}
