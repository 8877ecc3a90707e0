import type { EngineName } from '../../config/service-spec.ts';
import { compareVersions } from '../../core/release-version.ts';
import type { Desired } from '../../services/model.ts';
import { type RuledVolume, shownVolume } from './ruled-volume.ts';

/** A release, as far as volumes are concerned. */
export interface VolumeRelease {
  /** Of its slot: sha256, hex. */
  readonly rootHash: string;
  readonly version: string;
}

/** The newest release under which services ran with a volume that goes forward only. */
export interface ForwardMark extends VolumeRelease {
  readonly engine: EngineName;
  readonly name: string;
  /** The older release, by its hash, that keeps its services from running with it. */
  readonly heldBy?: string;
}

/** `HASH VERSION ENGINE NAME [HASH]`, a line each: the guard of the image reads it, too. Pure. */
export function marksText(marks: readonly ForwardMark[]): string {
  return marks
    .map(({ rootHash, version, engine, name, heldBy }) =>
      [rootHash, version, engine, name, ...(heldBy === undefined ? [] : [heldBy])].join(' '),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Lines of another form are left out. Pure. */
export function parseMarks(text: string): ForwardMark[] {
  return text.split('\n').flatMap((line) => {
    const [, rootHash, version, engine, name, heldBy] = /^(\S+) (\S+) (system|user) (\S+)(?: (\S+))?$/.exec(line) ?? [];
    if (rootHash === undefined || version === undefined || name === undefined) return [];
    const mark = { rootHash, version, engine: engine as EngineName, name };
    return [heldBy === undefined ? mark : { ...mark, heldBy }];
  });
}

/** A service that must not run, because a newer release ran with its volume. */
export interface HeldService {
  readonly service: string;
  readonly why: string;
}

/** What a release does about volumes that go forward only. */
export interface ForwardDecision {
  /** Services that are kept from running, until an operator starts them. */
  readonly hold: readonly HeldService[];
  /** Services that were kept from running under an older release, and may run again. */
  readonly lift: readonly string[];
  /** Of the volumes that are declared so and have run, or are held. */
  readonly marks: readonly ForwardMark[];
}

/**
 * What to do when a release runs with what is declared. A boot loader comes back by itself from a release that never gets so far that
 * anybody could stop it: then the services of volumes that went forward are held. Pure.
 * @param held services that are kept from running now.
 */
export function decideForward(
  { services }: Pick<Desired, 'services'>,
  ruled: readonly RuledVolume[],
  before: readonly ForwardMark[],
  running: VolumeRelease,
  held: ReadonlySet<string>,
): ForwardDecision {
  const hold: HeldService[] = [];
  const kept = new Set<string>();
  const marks: ForwardMark[] = [];
  for (const { engine, name } of ruled.filter(({ rollback }) => rollback === 'forward-only')) {
    const mark = before.find((one) => one.engine === engine && one.name === name);
    const users = [...services.values()].filter((one) => one.engine === engine && one.volumes.includes(name));
    if (mark === undefined || !isNewer(mark, running)) {
      if (mark !== undefined) marks.push(mark);
      continue;
    }
    for (const user of users) kept.add(user.name);
    if (mark.heldBy !== running.rootHash) {
      marks.push({ ...mark, heldBy: running.rootHash });
      const why = `${mark.version} ran with its volume ${shownVolume(mark)}, which goes forward only, and this is ${running.version}`;
      hold.push(...users.map((user) => ({ service: user.name, why })));
    } else if (users.every((user) => held.has(user.name))) marks.push(mark);
    // Somebody started one of them since: from now on, this release runs with it.
    else marks.push({ ...running, engine, name });
  }
  return { hold, lift: [...held].filter((service) => !kept.has(service)), marks };
}

/** The marks once an engine runs: those of its volumes are of this release, unless they are held. Pure. */
export function marksUnder(
  ruled: readonly RuledVolume[],
  before: readonly ForwardMark[],
  { rootHash, version }: VolumeRelease,
  up: ReadonlySet<EngineName>,
): ForwardMark[] {
  return ruled.flatMap(({ rollback, engine, name }) => {
    if (rollback !== 'forward-only') return [];
    const mark = before.find((one) => one.engine === engine && one.name === name);
    if (mark?.heldBy === rootHash) return [mark];
    if (up.has(engine)) return [{ rootHash, version, engine, name }];
    return mark === undefined ? [] : [mark];
  });
}

function isNewer(mark: VolumeRelease, running: VolumeRelease): boolean {
  return mark.rootHash !== running.rootHash && compareVersions(mark.version, running.version) > 0;
}
