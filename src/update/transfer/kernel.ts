import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { BerthError, isBerthError, messageOf } from '../../core/errors.ts';
import type { ReleaseManifest } from '../release-manifest.ts';
import { refuse } from '../tuf/refusal.ts';
import { isContentOf, type TrustedTarget } from '../tuf/target.ts';
import { applyDelta } from './apply-delta.ts';
import { targetOfFile } from './artifacts.ts';
import { MeteredSource } from './metered-source.ts';
import { readResumed } from './resumed-read.ts';
import { type ArtifactSource, isBadArtifact, readSpan, whole } from './source.ts';
import type { TokenBucket } from './token-bucket.ts';
import { blockBytes } from './verity.ts';

/** More than an EFI partition has room for twice; nothing is allocated for more. */
const mostKernelBytes = 128 * 2 ** 20;
const pieceBytes = 2 ** 20;

export interface FetchKernelOptions {
  readonly source: ArtifactSource;
  /** The release's, as it was signed. */
  readonly manifest: Pick<ReleaseManifest, 'uki' | 'artifacts'>;
  /** Path of a kernel image that is there already, such as the running one; it need not be intact, nor be there. */
  readonly running?: string;
  /** Where what arrives is kept until the next run; absent: a run that was interrupted begins anew. */
  readonly partDirectory?: string;
  readonly signal: AbortSignal;
  /** Shared with other transfers, it holds them at the rate together. */
  readonly limit?: TokenBucket;
}

/** A kernel image, and what it took. */
export interface FetchedKernel {
  /** Has the signed digest. */
  readonly content: Uint8Array;
  readonly bytesFetched: number;
  /** Why a cheaper way was left, for the history. */
  readonly detours: readonly string[];
}

/**
 * Gets a release's kernel image into memory by the cheapest way: the running one when it is the same, a delta from it, or all of it.
 * Throws RELEASE_REFUSED when it is not what the manifest says, RELEASE_UNREACHABLE; rejects with the signal's reason.
 */
export async function fetchKernel(options: FetchKernelOptions): Promise<FetchedKernel> {
  const { manifest, running, signal } = options;
  const kernel = targetOfFile(manifest.uki);
  if (kernel.bytes > mostKernelBytes) throw refuse('oversized', kernel.path, `it has ${kernel.bytes} bytes`);
  let bytesFetched = 0;
  const source = new MeteredSource(options.source, options.limit, (bytes) => {
    bytesFetched += bytes;
  });
  const detours: string[] = [];
  if (running !== undefined) {
    try {
      const content = await fromRunning(running, kernel, { ...options, source });
      if (content !== undefined) return { content, bytesFetched, detours };
    } catch (error) {
      signal.throwIfAborted();
      if (!isBadArtifact(error) && !isBerthError(error, 'HOST_REFUSED')) throw error;
      detours.push(messageOf(error));
    }
  }
  return { content: await readWhole(source, kernel, options), bytesFetched, detours };
}

/** @returns undefined when the running kernel image is of no use. */
async function fromRunning(
  path: string,
  kernel: TrustedTarget,
  options: FetchKernelOptions,
): Promise<Uint8Array | undefined> {
  const { source, manifest, signal } = options;
  const running = await RunningKernel.open(path);
  try {
    const { bytes, sha256 } = await running.describe(signal);
    if (sha256 === manifest.uki.sha256) {
      const content = new Uint8Array(kernel.bytes);
      await running.read(content, 0);
      return checked(kernel, content);
    }
    const delta = manifest.artifacts.find((one) => one.kind === 'kernel-delta' && one.fromSha256 === sha256);
    if (delta === undefined || delta.bytes >= kernel.bytes) return undefined;
    const target = targetOfFile(delta);
    const content = await readWhole(source, target, options);
    const seed = {
      blocks: blocksOf(bytes),
      read: async (into: Uint8Array, block: number) => running.read(into, block * blockBytes),
    };
    const data = await applyDelta(content, seed, blocksOf(kernel.bytes));
    return checked(kernel, data.subarray(0, kernel.bytes));
  } finally {
    await running.close();
  }
}

/** Has the signed digest. */
async function readWhole(
  source: ArtifactSource,
  target: TrustedTarget,
  { partDirectory, signal }: Pick<FetchKernelOptions, 'partDirectory' | 'signal'>,
): Promise<Uint8Array> {
  return partDirectory === undefined
    ? checked(target, await readSpan(source, target, whole(target), signal))
    : readResumed(source, target, partDirectory, signal);
}

function checked(target: TrustedTarget, content: Uint8Array): Uint8Array {
  if (isContentOf(target, content)) return content;
  throw refuse('mix-and-match', target.path, 'it does not have the digest of the signed metadata');
}

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / blockBytes);
}

/** A kernel image on this host. All methods throw HOST_REFUSED when it cannot be read. */
class RunningKernel {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<RunningKernel> {
    return new RunningKernel(path, await attempt(path, open(path)));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async describe(signal: AbortSignal): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const sum = createHash('sha256');
    const piece = new Uint8Array(pieceBytes);
    for (let bytes = 0; ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await attempt(this.#path, this.#file.read(piece, 0, piece.length, bytes));
      if (bytesRead === 0) return { bytes, sha256: sum.digest('hex') };
      sum.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  }

  /** Fills `into`; behind the file's end are zeros. */
  async read(into: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < into.length) {
      const reading = this.#file.read(into, done, into.length - done, position + done);
      const { bytesRead } = await attempt(this.#path, reading);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    into.fill(0, done);
  }
}

async function attempt<Value>(path: string, work: Promise<Value>): Promise<Value> {
  return work.catch((cause: unknown) => {
    throw new BerthError('HOST_REFUSED', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
}
