import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/agent/system-clock.ts';
import { type TransferArtifacts, transferArtifacts } from '../../src/update/transfer/artifacts.ts';
import { DirectorySource } from '../../src/update/transfer/directory-source.ts';
import { makeArtifacts, type SlotImageFile } from '../../src/update/transfer/make-artifacts.ts';
import { writeSlot } from '../../src/update/transfer/write-slot.ts';

/** A process of its own, so that its time and memory can be told: `ours.ts make|apply JSON`, answers in JSON. */

/** What `make` and `apply` are told. */
export interface OurTask {
  readonly old: SlotImageFile;
  readonly next: SlotImageFile;
  readonly directory: string;
  /** For `apply`. */
  readonly artifacts?: TransferArtifacts;
}

async function make({ old, next, directory }: OurTask): Promise<TransferArtifacts> {
  const { signal } = new AbortController();
  const made = await makeArtifacts({ image: next, previous: [old], directory, name: 'next', level: 19, signal });
  const artifacts = transferArtifacts({ artifacts: made });
  await mkdir(join(directory, 'blobs'));
  for (const [at, { place }] of [artifacts.full, artifacts.index, ...artifacts.deltas].entries())
    await rename(join(directory, made[at]?.name ?? ''), join(directory, ...place));
  return artifacts;
}

async function apply({ old, next, directory, artifacts }: OurTask) {
  if (artifacts === undefined) throw new Error('no artifacts');
  const start = performance.now();
  const { bytesFetched } = await writeSlot({
    source: new DirectorySource(directory),
    artifacts,
    release: next,
    target: join(directory, 'target'),
    seed: { ...old, device: old.file },
    signal: new AbortController().signal,
    clock: systemClock,
  });
  return { bytesFetched, seconds: (performance.now() - start) / 1000 };
}

const [, , verb, task = ''] = process.argv;
const work = verb === 'make' ? make : apply;
process.stdout.write(JSON.stringify(await work(JSON.parse(task) as OurTask)));
