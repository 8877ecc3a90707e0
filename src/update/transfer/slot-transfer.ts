import { BerthError, messageOf } from '../../core/errors.ts';
import { refuse } from '../tuf/refusal.ts';
import { isContentOf, type TrustedTarget } from '../tuf/target.ts';
import { type BatchOptions, BatchSource, type FetchedBatch } from './batch-source.ts';
import { type Batch, batchesOf, endOf } from './batches.ts';
import { type BlockIndex, decodeIndex, indexBytes, keysOf } from './block-index.ts';
import { decodeDelta, decodeDeltaHeader, deltaHeaderBytes } from './delta-format.ts';
import { withoutHeld } from './former-content.ts';
import { allFrames, indexSegments, wrongFrames } from './index-segments.ts';
import { MeteredSource } from './metered-source.ts';
import { planTransfer } from './plan-transfer.ts';
import { Sealer } from './sealer.ts';
import { payloadOf, type Segment } from './segment.ts';
import type { SlotChecker } from './slot-checker.ts';
import type { SlotWriter } from './slot-writer.ts';
import { isBadArtifact } from './source.ts';
import { TokenBucket } from './token-bucket.ts';
import type { WriteSlotOptions, WrittenSlot } from './transfer-options.ts';
import { blockBytes, digestBytes, hashTree, type SlotLayout, slotLayout } from './verity.ts';

/** What is read of a delta at first: all of a small one. */
const deltaHeadBytes = 64 * 1024;
/** Segments whose blocks in the target are looked at before the next look at the signal. */
const segmentsAtATime = 64;
/** How often what differs is fetched again. */
const repairs = 2;

/** A batch that was written, and how much was fetched for it. */
interface WrittenBatch {
  readonly batch: Batch;
  readonly bytes: number;
}

/** What a slot is worked on with. */
export interface SlotWork {
  readonly writer: SlotWriter;
  readonly checker: SlotChecker;
  readonly layout: SlotLayout;
}

/** One run of `writeSlot`. */
export class SlotTransfer {
  readonly #options: WriteSlotOptions;
  readonly #layout: SlotLayout;
  readonly #writer: SlotWriter;
  readonly #checker: SlotChecker;
  readonly #batches: BatchSource;
  readonly #detours: string[] = [];
  #index: BlockIndex | undefined;
  #hasLeftovers = false;
  /** Digests of what the target held before; none is known to be there once anything else was written. */
  #former: Uint8Array | undefined;
  /** Segments of which some were not written, as the target was said to hold them; none of them needs a payload. */
  #relied: readonly Segment[] = [];
  #bytesFetched = 0;
  #blocksWritten = 0;

  constructor(options: WriteSlotOptions, { writer, checker, layout }: SlotWork) {
    const { source, rateLimit, clock, signal } = options;
    this.#options = options;
    this.#layout = layout;
    this.#writer = writer;
    this.#checker = checker;
    const limit = rateLimit === undefined ? undefined : new TokenBucket(rateLimit, clock);
    const metered = new MeteredSource(source, limit, (bytes) => {
      this.#bytesFetched += bytes;
      this.#tell();
    });
    this.#batches = new BatchSource(metered, signal);
  }

  async run(): Promise<WrittenSlot> {
    const { release, artifacts, seed } = this.#options;
    this.#former = await this.#writer.former();
    this.#hasLeftovers = await this.#writer.begin(release.rootHash);
    const delta = artifacts.deltas.find(({ fromRootHash }) => fromRootHash === seed?.rootHash);
    const seedBlocks = seed?.dataBlocks ?? 0;
    const { full, index } = artifacts;
    const sizes = { full: full.bytes, index: index.bytes, ...(delta === undefined ? {} : { delta: delta.bytes }) };
    const isDone =
      delta !== undefined && planTransfer(sizes).kind === 'delta' && (await this.#byDelta(delta, seedBlocks));
    if (!isDone) await this.#byIndex();
    await this.#complete();
    return { bytesFetched: this.#bytesFetched, detours: this.#detours };
  }

  /** @returns false when the delta is no good: what it made is left for the next way. */
  async #byDelta(delta: TrustedTarget, seedBlocks: number): Promise<boolean> {
    try {
      const { dataBlocks } = this.#layout;
      const head = await this.#batches.read(delta, { start: 0, end: Math.min(delta.bytes, deltaHeadBytes) });
      const header = decodeDeltaHeader(head, seedBlocks, dataBlocks);
      const tableEnd = deltaHeaderBytes + header.packedBytes;
      if (tableEnd > delta.bytes) throw refuse('malformed', delta.path, 'it is shorter than its table');
      const rest =
        tableEnd <= head.length ? [] : [await this.#batches.read(delta, { start: head.length, end: tableEnd })];
      const packed = Buffer.concat([head, ...rest]).subarray(deltaHeaderBytes, tableEnd);
      const { segments } = decodeDelta(header, packed, delta.bytes);
      await this.#carryOut(await this.#withoutKept(segments, await this.#seedDigests()), delta, { head });
      return true;
    } catch (error) {
      if (!isBadArtifact(error)) throw error;
      this.#detours.push(`${delta.path}: ${messageOf(error)}`);
      this.#hasLeftovers = true;
      return false;
    }
  }

  async #byIndex(): Promise<void> {
    const { artifacts } = this.#options;
    const index = await this.#getIndex();
    const digests = await this.#seedDigests();
    const segments = await this.#withoutKept(indexSegments(index, keysOf(digests)), digests);
    const { full } = artifacts;
    const plan = planTransfer({ full: full.bytes, index: artifacts.index.bytes, missing: payloadBytes(segments) });
    await this.#carryOut(segments, full, { inOneGo: plan.kind === 'full' });
  }

  /** Makes the segments that are missing, in order, and has the whole slot read back; what failed is found there. */
  async #carryOut(missing: readonly Segment[], artifact: TrustedTarget, options: BatchOptions): Promise<void> {
    const { signal } = this.#options;
    const sealer = new Sealer(this.#checker);
    const write = async ({ batch, payload }: FetchedBatch): Promise<WrittenBatch> => {
      signal.throwIfAborted();
      const bytes = payload?.bytes.length ?? 0;
      await this.#writer.write(batch.segments, payload);
      return { batch, bytes };
    };
    this.#blocksWritten = this.#layout.dataBlocks - countBlocks(missing);
    this.#tell();
    try {
      for await (const { batch, bytes } of this.#batches.batches(artifact, batchesOf(missing), options, write)) {
        const blocks = countBlocks(batch.segments);
        this.#blocksWritten += blocks;
        this.#tell();
        await sealer.writtenTo(endOf(batch), blocks, bytes);
      }
    } catch (error) {
      // Late digests of what is there now would go over those of the next way.
      if (isBadArtifact(error)) await sealer.idle();
      throw error;
    }
    await sealer.finish(this.#layout.dataBlocks);
  }

  /** Reads what the disk has against the root hash, mends what differs, and writes the hash tree. */
  async #complete(): Promise<void> {
    const { release, artifacts, target } = this.#options;
    const sealer = new Sealer(this.#checker);
    const isRight = (): boolean => hashTree(this.#layout, this.#checker.leaves).rootHash === release.rootHash;
    if (this.#relied.length > 0 && !isRight()) await this.#writeRelied(sealer);
    let areAllFetched = false;
    for (let repair = 0; ; repair += 1) {
      const tree = hashTree(this.#layout, this.#checker.leaves);
      if (tree.rootHash === release.rootHash) return this.#writer.finish(tree.bytes);
      const index = await this.#getIndex();
      const found = wrongFrames(index, keysOf(this.#checker.leaves));
      const isOther = found.length === 0 && areAllFetched;
      if (isOther)
        throw refuse('mix-and-match', artifacts.index.path, `it is of another release than ${release.rootHash}`);
      // Keys that are the same by chance hide what differs.
      areAllFetched ||= found.length === 0;
      const wrong = found.length === 0 ? allFrames(index) : found;
      if (repair === repairs) throw unmendable(target, wrong);
      if (repair === 0) this.#detours.push(`${wrong.length} parts of the slot did not come out right`);
      const write = async ({ batch, payload }: FetchedBatch): Promise<Batch> => {
        const [bad] = await this.#writer.write(batch.segments, payload);
        if (bad !== undefined && repair + 1 === repairs)
          throw refuse('mix-and-match', artifacts.full.path, `it is damaged: blocks from ${bad.block} on`);
        return batch;
      };
      for await (const { segments } of this.#batches.batches(artifacts.full, batchesOf(wrong), {}, write))
        await sealer.seal(segments.map(({ block, blocks }) => ({ block, blocks })));
      await sealer.idle();
    }
  }

  /** The target did not hold what it was said to: all that the seed has is written, which needs nobody else. */
  async #writeRelied(sealer: Sealer): Promise<void> {
    for (const { segments } of batchesOf(this.#relied)) {
      this.#options.signal.throwIfAborted();
      await this.#writer.write(segments, undefined);
    }
    await sealer.finish(this.#layout.dataBlocks);
  }

  /** The seed's own tree tells what it holds; whether it really does is seen when it is read. */
  async #seedDigests(): Promise<Uint8Array> {
    const { seed } = this.#options;
    const leaves = seed === undefined ? undefined : slotLayout(seed.dataBlocks).levels[0];
    const digests = leaves === undefined ? undefined : await this.#writer.readSeed(leaves);
    return digests?.subarray(0, (seed?.dataBlocks ?? 0) * digestBytes) ?? new Uint8Array();
  }

  async #withoutKept(all: readonly Segment[], seedDigests: Uint8Array): Promise<readonly Segment[]> {
    const segments = this.#former === undefined ? all : withoutHeld(all, this.#former, seedDigests);
    if (this.#former !== undefined) this.#relied = all.filter(({ kind }) => kind === 'copy' || kind === 'zero');
    this.#former = undefined;
    if (!this.#hasLeftovers) return segments;
    const missing: Segment[] = [];
    for (let start = 0; start < segments.length; start += segmentsAtATime) {
      this.#options.signal.throwIfAborted();
      const some = segments.slice(start, start + segmentsAtATime);
      const kept = await this.#writer.kept(some);
      missing.push(...some.filter((_, at) => kept[at] !== true));
    }
    return missing;
  }

  async #getIndex(): Promise<BlockIndex> {
    if (this.#index !== undefined) return this.#index;
    const { index, full } = this.#options.artifacts;
    const { dataBlocks } = this.#layout;
    // Before anything is allocated: the smallest frames there may be have the longest index.
    if (index.bytes > indexBytes(dataBlocks, 4))
      throw refuse('oversized', index.path, `it has ${index.bytes} bytes, too many for ${dataBlocks} blocks`);
    const bytes = await this.#batches.read(index, { start: 0, end: index.bytes });
    if (!isContentOf(index, bytes))
      throw refuse('mix-and-match', index.path, 'it does not have the digest of the signed metadata');
    this.#index = decodeIndex(bytes, dataBlocks, full.bytes);
    return this.#index;
  }

  #tell(): void {
    this.#options.onProgress?.({
      bytesFetched: this.#bytesFetched,
      bytesWritten: this.#blocksWritten * blockBytes,
      total: this.#layout.dataBlocks * blockBytes,
    });
  }
}

function unmendable(target: string, wrong: readonly Segment[]): BerthError {
  const places = wrong.slice(0, 8).map(({ block }) => block);
  return new BerthError(
    'HOST_REFUSED',
    `${target} does not keep what is written to it: blocks from ${places.join(', ')} on`,
    { hint: 'the disk is failing', details: { frames: wrong.length } },
  );
}

function countBlocks(segments: readonly Segment[]): number {
  return segments.reduce((sum, { blocks }) => sum + blocks, 0);
}

function payloadBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => {
    const span = payloadOf(segment);
    return span === undefined ? sum : sum + span.end - span.start;
  }, 0);
}
