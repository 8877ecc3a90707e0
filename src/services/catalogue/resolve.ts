import { mergeCompose } from '../../config/compose/merge.ts';
import { parseCompose } from '../../config/compose/parse.ts';
import type { ComposeModel } from '../../config/service-spec.ts';
import type { Problem } from '../../core/diagnostic.ts';
import type { CatalogueEntry, CatalogueParts } from './entry.ts';
import type { CatalogueMode } from './variables.ts';

export interface ResolvedEntry {
  /** One service, under the entry's name, and the networks, volumes, secrets and configs it brings. */
  readonly model: ComposeModel;
  readonly problems: readonly Problem[];
}

/** A catalogue entry as it is on this host: the mode's override laid over it, variables replaced, in long form. Pure. */
export function resolveCatalogueService(
  entry: CatalogueEntry,
  variables: Readonly<Record<string, string>>,
  mode: CatalogueMode,
): ResolvedEntry {
  const merged = mergeCompose(composeTree(entry.name, entry.base), composeTree(entry.name, entry.overrides[mode]));
  return parseCompose(merged, { environment: variables, basePath: [] });
}

/** The parts as a Compose file's tree; what is not there is left out, so that merging keeps the other side's. */
function composeTree(name: string, { service, ...others }: CatalogueParts): Record<string, unknown> {
  const tree: Record<string, unknown> = {
    ...(service === undefined ? {} : { services: { [name]: service } }),
    ...others,
  };
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));
}
