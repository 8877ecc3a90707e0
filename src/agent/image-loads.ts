import { isBerthError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import type { ImageKeeping, ImageLoad, ImageLoads } from '../engine/image-loads.ts';
import { normalizeReference } from '../services/names.ts';

/** A load that began and of which nobody knows yet whether the medium has it. */
export interface OpenLoad {
  readonly reference: string;
  /** The id that the reference had before; absent: none. That image is whole. */
  readonly before?: string;
  /** The boot of the kernel in which it began. */
  readonly bootId: string;
}

export interface ImageLoadDependencies {
  readonly bootId: string;
  /** What was saved last. */
  readonly saved: readonly OpenLoad[];
  /** Resolves when the medium has them. */
  readonly save: (loads: readonly OpenLoad[]) => Promise<void>;
  /** Resolves when the medium has all that was written below the engine's data directory. */
  readonly flush: () => Promise<void>;
}

/**
 * The open loads of one engine, noted before they begin and struck out once flushed: one left over from an earlier boot may
 * be torn. A torn layer can outlive its image, for the engine keeps layers that no image holds and gives them to the next
 * image that wants them; so a torn image is loaded (which takes hold of such layers), removed (which deletes them) and
 * loaded once more.
 */
export class DurableImageLoads implements ImageLoads {
  readonly #deps: ImageLoadDependencies;
  readonly #open: Map<string, OpenLoad>;
  readonly #saving = new Turns();
  /** While layers may be torn, no two images may take hold of the same one at once. */
  readonly #mending = new Turns();

  constructor(deps: ImageLoadDependencies) {
    this.#deps = deps;
    this.#open = new Map(deps.saved.map((load) => [load.reference, load]));
  }

  isTorn(reference: string, id: string): boolean {
    const load = this.#open.get(normalizeReference(reference));
    return load !== undefined && this.#isOld(load) && load.before !== id;
  }

  settle<Result>(load: ImageLoad<Result>): Promise<Result> {
    if (![...this.#open.values()].some((one) => this.#isOld(one))) return this.#settled(load);
    return this.#mending.take(() => this.#anew(load));
  }

  #isOld({ bootId }: OpenLoad): boolean {
    return bootId !== this.#deps.bootId;
  }

  async #anew<Result>(load: ImageLoad<Result>): Promise<Result> {
    for (const { reference } of this.#open.values()) await this.#removeTorn(reference, load.engine);
    await load.load();
    await removeUnlessUsed(load.reference, load.engine);
    return this.#settled(load);
  }

  async #removeTorn(reference: string, engine: ImageKeeping): Promise<void> {
    const image = await engine.find(reference);
    if (image !== undefined && this.isTorn(reference, image.id)) await removeUnlessUsed(reference, engine);
  }

  async #settled<Result>({ reference, load, engine }: ImageLoad<Result>): Promise<Result> {
    const name = normalizeReference(reference);
    const earlier = this.#open.get(name);
    // What an interrupted load of this boot left is not known to be on the medium either.
    const isBegun = earlier !== undefined && !this.#isOld(earlier);
    const before = isBegun ? earlier.before : (await engine.find(reference))?.id;
    const { bootId } = this.#deps;
    this.#open.set(name, { reference: name, ...(before === undefined ? {} : { before }), bootId });
    await this.#save();
    const result = await load();
    await this.#deps.flush();
    this.#open.delete(name);
    await this.#save();
    return result;
  }

  #save(): Promise<void> {
    return this.#saving.take(() => this.#deps.save([...this.#open.values()]));
  }
}

/** One that a container uses stays: it was whole when the container was made of it. */
async function removeUnlessUsed(reference: string, engine: ImageKeeping): Promise<void> {
  try {
    await engine.remove(reference);
  } catch (error) {
    if (!isBerthError(error, 'ENGINE_CONFLICT')) throw error;
  }
}
