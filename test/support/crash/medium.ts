/** What a medium holds: parts of a sector or less, each of which is written whole or not at all. */
export type Cells = ReadonlyMap<string, string>;

/** Undefined: the cell is emptied. */
export type CellUpdate = readonly [cell: string, value: string | undefined];

/** Where a write belongs, by which a flush finds what it makes durable. */
export interface WriteTag {
  readonly part: 'esp' | 'slot' | 'memory' | 'disk';
  readonly kind: 'long-name' | 'short-entry' | 'inode' | 'chain' | 'data' | 'state' | 'memory';
  /** The directory's path, or a file's place. */
  readonly owner: string;
}

export type MediumEvent =
  /** On its way to the medium. More than one update: sectors that may be torn apart. */
  | { readonly kind: 'write'; readonly tag: WriteTag; readonly updates: readonly CellUpdate[] }
  | { readonly kind: 'flush'; readonly name: string; covers(tag: WriteTag): boolean }
  /** From here on something was promised. */
  | { readonly kind: 'promise'; readonly name: string };

/** A fault that the medium has from its n-th operation on. */
export interface Fault {
  readonly at: number;
  readonly code: 'ENOSPC' | 'EIO' | 'EROFS';
  readonly lasts: 'once' | 'for-good';
}

/** A disk with a cache: what programs see, and the log of what would be lost without a flush. */
export class Medium {
  readonly #view: Map<string, string>;
  readonly log: MediumEvent[] = [];
  /** Of each operation so far. */
  readonly operations: string[] = [];
  fault: Fault | undefined;

  constructor(cells: Cells = new Map()) {
    this.#view = new Map(cells);
  }

  get cells(): Cells {
    return this.#view;
  }

  write(tag: WriteTag, ...updates: readonly CellUpdate[]): void {
    this.log.push({ kind: 'write', tag, updates });
    apply(this.#view, updates);
  }

  flush(name: string, covers: (tag: WriteTag) => boolean): void {
    this.operation(`flush: ${name}`);
    this.log.push({ kind: 'flush', name, covers });
  }

  promise(name: string): void {
    this.log.push({ kind: 'promise', name });
  }

  /** Something is asked of the medium. Throws when it has a fault that shows now. */
  operation(name: string): void {
    this.operations.push(name);
    const { fault } = this;
    const at = this.operations.length - 1;
    if (fault === undefined || (fault.lasts === 'once' ? at !== fault.at : at < fault.at)) return;
    // What is only read goes on where nothing can be written.
    if (fault.code !== 'EIO' && name.startsWith('read')) return;
    throw Object.assign(new Error(`${fault.code}: ${name}`), { code: fault.code, errno: -1, syscall: name });
  }
}

export function apply(cells: Map<string, string>, updates: readonly CellUpdate[]): void {
  for (const [cell, value] of updates) {
    if (value === undefined) cells.delete(cell);
    else cells.set(cell, value);
  }
}
