import { systemClock } from '../../src/agent/system-clock.ts';
import { sha256OfFile } from '../../src/engine/sha256-of-file.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../../src/update/release-manifest.ts';
import { transferArtifacts } from '../../src/update/transfer/artifacts.ts';
import { DirectorySource } from '../../src/update/transfer/directory-source.ts';
import { fetchKernel } from '../../src/update/transfer/kernel.ts';
import { makeArtifacts } from '../../src/update/transfer/make-artifacts.ts';
import { makeKernelDeltas } from '../../src/update/transfer/make-kernel-deltas.ts';
import { writeSlot } from '../../src/update/transfer/write-slot.ts';
import type { BenchRelease } from './images.ts';

/** A process of its own, so that its time and memory can be told: `ours.ts make|apply JSON`, answers in JSON. */

/** For `make`; the artifacts go into `directory`. */
export interface MakeTask {
  readonly old: BenchRelease;
  readonly next: BenchRelease;
  readonly directory: string;
}

/** For `apply`: a host that runs `old` goes to a release. */
export interface ApplyTask {
  readonly old: BenchRelease;
  readonly manifest: ReleaseManifest;
  /** Directory of the repository's targets. */
  readonly targets: string;
  readonly target: string;
}

/** What `apply` tells. */
export interface Applied {
  readonly slotBytes: number;
  readonly kernelBytes: number;
  /** Of the slot. */
  readonly seconds: number;
}

async function make({ old, next, directory }: MakeTask): Promise<ReleaseArtifact[]> {
  const { signal } = new AbortController();
  const kernel = { file: old.kernel, sha256: await sha256OfFile(old.kernel) };
  const where = { directory, name: 'next', signal };
  return [
    ...(await makeArtifacts({ ...where, image: next.slot, previous: [old.slot], level: 19 })),
    ...(await makeKernelDeltas({ ...where, kernel: next.kernel, previous: [kernel] })),
  ];
}

async function apply({ old, manifest, targets, target }: ApplyTask): Promise<Applied> {
  const source = new DirectorySource(targets);
  const { signal } = new AbortController();
  const start = performance.now();
  const slot = await writeSlot({
    ...{ source, artifacts: transferArtifacts(manifest), release: manifest.usr, target, signal },
    seed: { ...old.slot, device: old.slot.file },
    clock: systemClock,
  });
  const seconds = (performance.now() - start) / 1000;
  const kernel = await fetchKernel({ source, manifest, running: old.kernel, signal });
  return { slotBytes: slot.bytesFetched, kernelBytes: kernel.bytesFetched, seconds };
}

const [, , verb, task = ''] = process.argv;
const answer = verb === 'make' ? make(JSON.parse(task) as MakeTask) : apply(JSON.parse(task) as ApplyTask);
process.stdout.write(JSON.stringify(await answer));
