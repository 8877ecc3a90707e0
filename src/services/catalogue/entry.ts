import type { CatalogueMode } from './variables.ts';

type Tree = Readonly<Record<string, unknown>>;

/** A service and what it brings along, as written: Compose syntax, variables not yet replaced. */
export interface CatalogueParts {
  readonly service?: Tree | undefined;
  readonly networks?: Tree | undefined;
  readonly volumes?: Tree | undefined;
  readonly secrets?: Tree | undefined;
  readonly configs?: Tree | undefined;
}

/** One system container of the catalogue. */
export interface CatalogueEntry {
  readonly name: string;
  /** One sentence for `berth service list`. */
  readonly description: string;
  /** What the host must have for it, in words for a person. */
  readonly requires: readonly string[];
  readonly base: CatalogueParts;
  /** Laid over the base by the rules of Compose's override files. */
  readonly overrides: Readonly<Record<CatalogueMode, CatalogueParts>>;
}

/** By name. */
export type Catalogue = ReadonlyMap<string, CatalogueEntry>;
