import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { BerthError } from '../../../src/core/errors.ts';
import { DirectorySource } from '../../../src/update/transfer/directory-source.ts';
import type { ByteSpan } from '../../../src/update/transfer/segment.ts';
import { SlotChecker } from '../../../src/update/transfer/slot-checker.ts';
import type { ArtifactSource } from '../../../src/update/transfer/source.ts';
import type { BlockRange } from '../../../src/update/transfer/verity.ts';
import type { TrustedTarget } from '../../../src/update/tuf/target.ts';
import { freshTarget, noise, transferOf, updateOf } from '../../unit/update/transfer/support/slots.ts';

const events: string[] = [];

/** Takes its time: what it reads back is under way for long. */
class SlowChecker extends SlotChecker {
  override async digest(range: BlockRange): Promise<void> {
    events.push('checker begins');
    await setTimeout(150);
    await super.digest(range);
    events.push('checker ends');
  }
}

jest.unstable_mockModule('../../../src/update/transfer/slot-checker.ts', () => ({ SlotChecker: SlowChecker }));
const { writeSlot } = await import('../../../src/update/transfer/write-slot.ts');

/** Its delta turns out to be damaged after so many bytes. */
class DamagedDelta implements ArtifactSource {
  readonly #source: ArtifactSource;
  readonly #delta: string | undefined;
  readonly #end: number;

  constructor(directory: string, delta: string | undefined, end: number) {
    this.#source = new DirectorySource(directory);
    this.#delta = delta;
    this.#end = end;
  }

  async *read(artifact: TrustedTarget, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (artifact.path === this.#delta && span.end > this.#end) throw new BerthError('RELEASE_REFUSED', 'damaged');
    if (artifact.path !== this.#delta) events.push('the next way');
    yield* this.#source.read(artifact, span, signal);
  }
}

test('what was begun to be read back of a delta that is no good is done before the next way is read back', async () => {
  const root = await mkdtemp(join(tmpdir(), 'berth-seal-'));
  try {
    const [kept, added] = [noise(1, 500), noise(2, 1000)];
    const made = await updateOf(join(root, 'a'), kept, new Uint8Array(Buffer.concat([kept, added])));
    await freshTarget(made);
    const options = transferOf(made);
    const [delta] = made.artifacts.deltas;
    const source = new DamagedDelta(made.directory, delta?.path, (delta?.bytes ?? 0) - 200_000);
    const written = await writeSlot({ ...options, source });
    expect(written.detours).toEqual([expect.stringContaining('damaged')]);
    const before = events.slice(0, events.indexOf('the next way'));
    expect(before).toContain('checker begins');
    expect(before.filter((event) => event === 'checker ends')).toHaveLength(
      before.filter((event) => event === 'checker begins').length,
    );
  } finally {
    await rm(root, { recursive: true });
  }
}, 30_000);
