import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBerthError } from '../../core/errors.ts';
import { refuse } from '../tuf/refusal.ts';
import { isContentOf, type TrustedTarget } from '../tuf/target.ts';
import { type ArtifactSource, whole } from './source.ts';

/** As often what arrived is made durable: a power cut costs no more. */
const flushBytes = 2 ** 20;

/**
 * Reads an artifact into memory, and into a file of `directory` as it arrives, from which a later run goes on; what is there of others
 * is removed. A disk that cannot be written costs the going on, nothing else. The content is checked, and when what an earlier run left
 * is to blame, all of it is read once more. Throws as the source does, and RELEASE_REFUSED.
 */
export async function readResumed(
  source: ArtifactSource,
  artifact: TrustedTarget,
  directory: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const part = await Part.open(directory, artifact);
  try {
    const content = new Uint8Array(artifact.bytes);
    const found = await part.read(content);
    await readOn(source, artifact, content, found, part, signal);
    if (isContentOf(artifact, content)) return content;
    await part.clear();
    if (found > 0) await readOn(source, artifact, content, 0, part, signal);
    if (found > 0 && isContentOf(artifact, content)) return content;
    await part.clear();
    throw refuse('mix-and-match', artifact.path, 'it does not have the digest of the signed metadata');
  } finally {
    await part.close();
  }
}

/** Fills `content` from `start` on; all of it where the source has no parts. */
async function readOn(
  source: ArtifactSource,
  artifact: TrustedTarget,
  content: Uint8Array,
  start: number,
  part: Part,
  signal: AbortSignal,
): Promise<void> {
  let at = start;
  if (at === artifact.bytes) return;
  try {
    for await (const piece of source.read(artifact, { ...whole(artifact), start }, signal)) {
      if (at + piece.length > content.length)
        throw refuse('oversized', artifact.path, 'the source gave more than was asked for');
      content.set(piece, at);
      await part.write(piece, at);
      at += piece.length;
    }
  } catch (error) {
    if (start === 0 || !isBerthError(error, 'UNSUPPORTED')) throw error;
    await readOn(source, artifact, content, 0, part, signal);
    return;
  }
  if (at < content.length) throw refuse('mix-and-match', artifact.path, 'the source gave less than was asked for');
}

/** What there is of an artifact; does nothing where the disk does not let it. */
class Part {
  readonly #file: FileHandle | undefined;
  #unflushed = 0;
  #isBroken = false;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  static async open(directory: string, { hashes, path }: TrustedTarget): Promise<Part> {
    const name = `${hashes['sha256'] ?? path.replaceAll('/', '-')}.part`;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const other of await readdir(directory)) if (other !== name) await rm(join(directory, other));
      return new Part(await open(join(directory, name), 'a+', 0o600));
    } catch {
      return new Part(undefined);
    }
  }

  /** @returns how many bytes of it there are. */
  async read(into: Uint8Array): Promise<number> {
    let done = 0;
    try {
      while (done < into.length) {
        const { bytesRead = 0 } = (await this.#file?.read(into, done, into.length - done, done)) ?? {};
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch {
      this.#isBroken = true;
      return 0;
    }
    return done;
  }

  async write(piece: Uint8Array, at: number): Promise<void> {
    if (this.#file === undefined || this.#isBroken) return;
    try {
      if (at === 0) await this.#file.truncate(0);
      await this.#file.writeFile(piece);
      this.#unflushed += piece.length;
      if (this.#unflushed < flushBytes) return;
      this.#unflushed = 0;
      await this.#file.datasync();
    } catch {
      this.#isBroken = true;
    }
  }

  async clear(): Promise<void> {
    await this.#file?.truncate(0).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
