import { blockBytes } from '../../../src/update/transfer/verity.ts';
import { noise } from '../../unit/update/transfer/support/slots.ts';
import type { Situation } from './crash-check.ts';
import type { Cells } from './medium.ts';
import type { SmallRelease } from './releases.ts';
import { cellsOf } from './small-host.ts';

/** What a host is like before an update from release 2. */
export interface Scenario {
  readonly name: string;
  /** The sequence of the release that is brought. */
  readonly next: number;
  cells(releases: Readonly<Record<number, SmallRelease>>): Cells;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'the other slot holds an older release',
    next: 3,
    cells: ({ 1: older, 2: running }) => cellsOf([blessed(older), blessed(running)], older!.slot),
  },
  {
    name: 'another release is staged, and replaced',
    next: 4,
    cells: ({ 2: running, 3: staged }) =>
      cellsOf([blessed(running), { file: `${staged!.name}+3.efi`, release: staged! }], staged!.slot),
  },
  {
    name: 'the same release failed before, in all its tries',
    next: 3,
    cells: ({ 2: running, 3: bad }) =>
      cellsOf([{ file: `${bad!.name}+0-3.efi`, release: bad! }, blessed(running)], bad!.slot),
  },
  {
    name: 'an update was interrupted while it wrote the slot',
    next: 3,
    cells: ({ 2: running, 3: next }) => cellsOf([blessed(running)], halfWritten(next!)),
  },
  {
    name: 'the other slot was never written',
    next: 3,
    cells: ({ 2: running }) => cellsOf([blessed(running)], new Uint8Array(running!.slot.length)),
  },
];

function blessed(release: SmallRelease | undefined): { readonly file: string; readonly release: SmallRelease } {
  return { file: `${release!.name}.efi`, release: release! };
}

/** As SlotWriter leaves it: marked, with blocks that are right and others that are not. */
function halfWritten({ slot, rootHash, dataBlocks }: SmallRelease): Uint8Array {
  const half = Buffer.from(slot);
  for (const block of [1, 4, 9]) half.set(noise(200 + block, 1), block * blockBytes);
  half.fill(0, dataBlocks * blockBytes);
  half.write(`berth: being written\n${rootHash}`, dataBlocks * blockBytes, 'latin1');
  return half;
}

/** What a scenario is checked by. */
export function situationOf(
  { next }: Scenario,
  releases: readonly SmallRelease[],
  rest: Pick<Situation, 'parts' | 'mostFetched'>,
): Situation {
  const [running, wanted] = [releases[1]!, releases[next - 1]!];
  return { ...rest, releases, running, next: wanted };
}
