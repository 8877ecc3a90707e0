import { writeArchive } from './archive.ts';
import { expandUserData } from './expand.ts';
import { textOfPart } from './part.ts';
import { partTypes, typeByHeader } from './part-types.ts';

/**
 * A document of user-data with each of its configs changed. One that has changed configs in its parts comes back as an archive
 * of them; one of which nothing changes as it is. Pure.
 */
export function changeConfigs(
  text: string,
  change: (config: string) => string,
  types: readonly string[] = [partTypes.cloudConfig],
): string {
  if (types.includes(typeByHeader(text) ?? '')) return change(text);
  const { parts } = expandUserData('user-data', new TextEncoder().encode(text));
  const changed = parts.map((part) => {
    if (!types.includes(part.type)) return part;
    const [before, after] = [textOfPart(part), change(textOfPart(part))];
    return before === after ? part : { ...part, bytes: new TextEncoder().encode(after) };
  });
  return changed.every((part, index) => part === parts[index]) ? text : writeArchive(changed);
}
