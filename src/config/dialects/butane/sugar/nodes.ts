import type { DocumentPath } from '../../../../core/diagnostic.ts';
import { type Made, type Traced, TracedRecord, traced } from '../traced.ts';

type NodeKind = 'files' | 'directories' | 'links';

const kinds: readonly NodeKind[] = ['files', 'directories', 'links'];

/** The files, directories and links of an Ignition config, while sugar adds to them. */
export class NodeLists {
  readonly #lists: Readonly<Record<NodeKind, Traced[]>>;
  readonly #indexes: Readonly<Record<NodeKind, Map<string, number>>>;

  constructor(storage: TracedRecord) {
    const listOf = (kind: NodeKind): Traced[] => [...storage.items(kind)];
    this.#lists = { files: listOf('files'), directories: listOf('directories'), links: listOf('links') };
    const indexOf = (kind: NodeKind): Map<string, number> =>
      new Map(
        this.#lists[kind].map(
          (node, index) => [node.kind === 'record' ? (node.text('path') ?? '') : '', index] as const,
        ),
      );
    this.#indexes = { files: indexOf('files'), directories: indexOf('directories'), links: indexOf('links') };
  }

  has(path: string): boolean {
    return kinds.some((kind) => this.#indexes[kind].has(path));
  }

  get(kind: NodeKind, path: string): TracedRecord | undefined {
    const node = this.#lists[kind][this.#indexes[kind].get(path) ?? -1];
    return node?.kind === 'record' ? node : undefined;
  }

  /** Puts a node in the place of the one of that path, or adds it. */
  put(kind: NodeKind, node: TracedRecord): void {
    const path = node.text('path') ?? '';
    const index = this.#indexes[kind].get(path) ?? this.#lists[kind].length;
    this.#lists[kind][index] = node;
    this.#indexes[kind].set(path, index);
  }

  add(kind: NodeKind, node: { readonly [key: string]: Made | undefined }, from: DocumentPath): void {
    this.put(kind, traced(node, from));
  }

  /** The config with the lists as they are now. */
  into(ignition: TracedRecord, from: DocumentPath): TracedRecord {
    const storage = ignition.fields.get('storage');
    const before = storage?.kind === 'record' ? storage : new TracedRecord([], from);
    const lists = kinds.flatMap((kind) => {
      const items = this.#lists[kind];
      const place = before.fields.get(kind)?.from ?? from;
      return items.length === 0 ? [] : [[kind, { kind: 'list', items, from: place }] as const];
    });
    return lists.length === 0 ? ignition : ignition.with({ storage: before.with(Object.fromEntries(lists)) });
  }
}
