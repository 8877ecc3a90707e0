import { isBerthError } from '../../../src/core/errors.ts';
import { afterTry, type ShownEntry } from './boot-model.ts';
import type { CrashState } from './crash-states.ts';
import type { Cells } from './medium.ts';
import type { SmallRelease } from './releases.ts';
import { slotCells } from './slot-devices.ts';
import {
  filesIn,
  lostClusters,
  otherSlotIs,
  renamed,
  SmallHost,
  type SmallHostParts,
  shown,
  taken,
} from './small-host.ts';

/** An update of a small host. */
export interface Situation {
  readonly parts: SmallHostParts;
  readonly releases: readonly SmallRelease[];
  /** Blessed. */
  readonly running: SmallRelease;
  readonly next: SmallRelease;
  /** What all of it takes when nothing of it is there. */
  readonly mostFetched: number;
}

/** Tries that a release has. */
const mostTries = 3;

/** What must not be after a power cut while a release is brought; none: it holds what was promised. Pure. */
export function faultsOf({ cells, promised }: CrashState, situation: Situation): string[] {
  const { running, next } = situation;
  const entries = shown(cells);
  const [first] = entries;
  if (first === undefined) return ['nothing can be booted'];
  const faults = brokenEntries(cells, entries, situation);
  const chosen = wholeRelease(cells, first, situation);
  if (chosen !== undefined && chosen.sequence < running.sequence) faults.push(`${first.name} is older than what runs`);
  const names = entries.map(({ content }) => content.toString('latin1'));
  if (new Set(names).size < names.length) faults.push('two entries are of the same release');
  if (promised.has('staged') && chosen !== next) faults.push(`${next.version} was staged, and is not booted next`);
  if (chosen === next && !taken(cells).some(({ version }) => version === next.version))
    faults.push(`${next.version} boots, and the host would not know which one failed`);
  return [...faults, ...fallBack(cells, situation).faults];
}

/** What must not be after a power cut while a release is blessed, which runs from the other slot. Pure. */
export function blessFaultsOf({ cells, promised }: CrashState, situation: Situation): string[] {
  const entries = shown(cells);
  const [first] = entries;
  if (first === undefined) return ['nothing can be booted'];
  const faults = brokenEntries(cells, entries, situation);
  const isKept = wholeRelease(cells, first, situation) === situation.next && first.entry.tries === undefined;
  if (promised.has('blessed') && !isKept)
    faults.push(`${situation.next.version} was blessed, and is not booted for good`);
  return faults;
}

/** Boots a release again and again that never comes up. */
function fallBack(cells: Cells, situation: Situation): { readonly cells: Cells; readonly faults: readonly string[] } {
  const boots = new Map<SmallRelease, number>();
  for (let state = cells; ; ) {
    const [first] = shown(state);
    const release = first === undefined ? undefined : wholeRelease(state, first, situation);
    if (first === undefined || release === undefined || release === situation.running)
      return { cells: state, faults: [] };
    const count = (boots.get(release) ?? 0) + 1;
    boots.set(release, count);
    const next = afterTry(first.entry);
    if (count > mostTries || next === first.name)
      return { cells: state, faults: [`${first.name} is bad, and is booted for ever`] };
    state = renamed(state, first.name, next);
  }
}

/** Lets the host that a power cut left go on. @returns what it does not come to. */
export async function unconverged(state: CrashState, situation: Situation): Promise<string[]> {
  const { parts, running, next, mostFetched } = situation;
  const [first] = shown(state.cells);
  const faults: string[] = [];
  if (first !== undefined && wholeRelease(state.cells, first, situation) === next) {
    const told = new SmallHost(parts, state.cells, running);
    await told.updater.settle(taken(state.cells));
    if (told.updater.state.kind !== 'staged') faults.push('the updater does not see what is staged');
    const bad = new SmallHost(parts, fallBack(state.cells, situation).cells, running);
    await bad.updater.clearUsedUp(async () => Promise.resolve());
    if (!isAlone(bad.medium.cells, running)) faults.push('what did not start in all its tries is not cleared');
  }
  const host = new SmallHost(parts, state.cells, running);
  const { bytesFetched } = await host.bring(next);
  if (bytesFetched > mostFetched) faults.push(`it fetched ${bytesFetched} bytes, all of it are ${mostFetched}`);
  return [...faults, ...(await unfinished(host.medium.cells, situation))];
}

/** The host after an update that went well: boots, blesses, is tidy. */
async function unfinished(cells: Cells, situation: Situation): Promise<string[]> {
  const { next } = situation;
  const faults: string[] = [];
  const names = filesIn(cells);
  if (names.length !== 2 || !names.includes(`${next.name}+${mostTries}.efi`))
    faults.push(`the directory of entries has ${names.join(', ')}`);
  if (lostClusters(cells) !== 0) faults.push(`${lostClusters(cells)} clusters are lost`);
  const [first] = shown(cells);
  if (first === undefined || wholeRelease(cells, first, situation) !== next)
    return [...faults, 'it is not booted next'];
  const [blessed] = shown(await booted(cells, situation));
  if (blessed?.name !== `${next.name}.efi`) faults.push('it cannot be blessed');
  return faults;
}

/** Lets the host go on that a power cut left while it blessed, up to the update after this one. @returns what it does not come to. */
export async function unblessed(state: CrashState, situation: Situation): Promise<string[]> {
  const { running, next, releases } = situation;
  const [first] = shown(state.cells);
  if (first === undefined || wholeRelease(state.cells, first, situation) !== next) return unconverged(state, situation);
  const later = releases.find(({ sequence }) => sequence > next.sequence);
  if (later === undefined) throw new Error(`a release after ${next.version} is needed here`);
  const cells = await booted(state.cells, situation);
  // From now on the slot that does not run is the old release's.
  const after: Situation = { ...situation, running: next, next: later };
  const moved = new Map([...cells, ...slotCells(running.slot)]);
  const host = new SmallHost(situation.parts, moved, next, shown(moved)[0]?.entry.name);
  let end: Cells = host.medium.cells;
  try {
    await host.bring(later);
  } catch (error) {
    // A repair took the entry away that it runs from: the one beside it is booted next, and goes on from there.
    if (!isBerthError(error, 'NOT_FOUND')) throw error;
    const again = new SmallHost(situation.parts, await booted(end, after), next);
    await again.bring(later);
    end = again.medium.cells;
  }
  return unfinished(end, after);
}

/** The host after a boot of what the boot loader takes, which proves itself. */
async function booted(cells: Cells, { parts, running }: Situation): Promise<Cells> {
  const [first] = shown(cells);
  if (first === undefined) throw new Error('nothing can be booted');
  const host = new SmallHost(parts, renamed(cells, first.name, afterTry(first.entry)), running);
  if (first.entry.tries !== undefined) await host.bless(first.entry.name);
  return host.medium.cells;
}

function isAlone(cells: Cells, { name }: SmallRelease): boolean {
  return filesIn(cells).join(' ') === `${name}.efi`;
}

function brokenEntries(cells: Cells, entries: readonly ShownEntry[], situation: Situation): string[] {
  return entries
    .filter((entry) => wholeRelease(cells, entry, situation) === undefined)
    .map(({ name }) => `${name} is shown and is no whole release`);
}

/** The release that an entry boots; undefined when its kernel or its slot is not what it was made. */
function wholeRelease(
  cells: Cells,
  { content }: ShownEntry,
  { releases, running }: Situation,
): SmallRelease | undefined {
  const release = releases.find(({ uki }) => uki.equals(content));
  return release === undefined || release === running || otherSlotIs(cells, release) ? release : undefined;
}
