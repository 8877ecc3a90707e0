/** A YAML node as go-yaml version 3 has it: nothing is resolved but the shape. Offsets are those of the text; `end` is behind it. */
export type GoNode = GoScalar | GoMapping | GoSequence | GoAlias;

export interface GoScalar {
  readonly kind: 'scalar';
  readonly text: string;
  /** Short form of an explicit tag (`!!int`), `!!str` for a quoted or block scalar, else empty. */
  readonly tag: string;
  readonly offset: number;
  readonly end: number;
}

export interface GoMapping {
  readonly kind: 'mapping';
  readonly entries: readonly { readonly key: GoNode; readonly value: GoNode }[];
  readonly offset: number;
  readonly end: number;
}

export interface GoSequence {
  readonly kind: 'sequence';
  readonly items: readonly GoNode[];
  readonly offset: number;
  readonly end: number;
}

export interface GoAlias {
  readonly kind: 'alias';
  readonly name: string;
  readonly target: GoNode;
  readonly offset: number;
  readonly end: number;
}
