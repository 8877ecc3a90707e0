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
  /** The older release, by its hash, that keeps its services from running with it: these, so far. */
  readonly held?: { readonly by: string; readonly services: readonly string[] };
}

/** `HASH VERSION ENGINE NAME [HASH:SERVICE,SERVICE]`, a line each: the guard of the image reads it, too. Pure. */
export function marksText(marks: readonly ForwardMark[]): string {
  return marks
    .map(({ rootHash, version, engine, name, held }) =>
      [rootHash, version, engine, name, ...(held === undefined ? [] : [`${held.by}:${held.services.join(',')}`])].join(
        ' ',
      ),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Lines of another form are left out. Pure. */
export function parseMarks(text: string): ForwardMark[] {
  return text.split('\n').flatMap((line) => {
    const [, rootHash, version, engine, name, by, services = ''] =
      /^(\S+) (\S+) (system|user) (\S+)(?: ([^\s:]+):(\S*))?$/.exec(line) ?? [];
    if (rootHash === undefined || version === undefined || name === undefined) return [];
    const mark = { rootHash, version, engine: engine as EngineName, name };
    if (by === undefined) return [mark];
    return [{ ...mark, held: { by, services: services.split(',').filter((service) => service !== '') } }];
  });
}

/** A service that must not run, because a newer release ran with its volume. */
export interface HeldService {
  readonly service: string;
  readonly why: string;
}

/** Services that are wanted not to run now. */
export interface StopWishes {
  /** Because a newer release ran with their volumes. */
  readonly held: ReadonlySet<string>;
  /** For whatever reason: an operator may have stopped them. */
  readonly stopped: ReadonlySet<string>;
}

/** What a release does about volumes that go forward only. */
export interface ForwardDecision {
  /** Services that are kept from running, until an operator starts them. */
  readonly hold: readonly HeldService[];
  /** Services that were kept from running under an older release, and may run again. */
  readonly lift: readonly string[];
  /** Of the volumes that are declared so and have run, or are held; and of those that nothing declares for now. */
  readonly marks: readonly ForwardMark[];
}

/**
 * What to do when a release runs with what is declared. A boot loader comes back by itself from a release that never gets so far that
 * anybody could stop it: then the services of volumes that went forward are held. Pure.
 */
export function decideForward(
  { services, volumes }: Pick<Desired, 'services' | 'volumes'>,
  ruled: readonly RuledVolume[],
  before: readonly ForwardMark[],
  running: VolumeRelease,
  { held, stopped }: StopWishes,
): ForwardDecision {
  const hold: HeldService[] = [];
  const kept = new Set<string>();
  // No service uses it for now; it may be used again, after a rollback, too.
  const marks = before.filter((one) => !isAmong(one, volumes) && !isAmong(one, ruled)).map(unheld);
  for (const { engine, name } of ruled.filter(({ rollback }) => rollback === 'forward-only')) {
    const mark = before.find((one) => one.engine === engine && one.name === name);
    const users = [...services.values()].filter((one) => one.engine === engine && one.volumes.includes(name));
    if (mark === undefined) continue;
    if (!isNewer(mark, running)) {
      // Should an older one run again, its services are held anew.
      marks.push(unheld(mark));
      continue;
    }
    const known = mark.held?.by === running.rootHash ? mark.held.services : [];
    if (users.some((user) => known.includes(user.name) && !stopped.has(user.name))) {
      // Somebody started one of them since: from now on, this release runs with it.
      marks.push({ ...running, engine, name });
      continue;
    }
    for (const user of users) kept.add(user.name);
    marks.push({ ...mark, held: { by: running.rootHash, services: users.map((user) => user.name) } });
    const why = `${mark.version} ran with its volume ${shownVolume(mark)}, which goes forward only, and this is ${running.version}`;
    const fresh = users.filter((user) => !known.includes(user.name));
    hold.push(...fresh.map((user) => ({ service: user.name, why })));
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
  const unused = before.filter((one) => !isAmong(one, ruled));
  const used = ruled.flatMap(({ rollback, engine, name }) => {
    if (rollback !== 'forward-only') return [];
    const mark = before.find((one) => one.engine === engine && one.name === name);
    if (mark?.held?.by === rootHash) return [mark];
    if (up.has(engine)) return [{ rootHash, version, engine, name }];
    return mark === undefined ? [] : [mark];
  });
  return [...used, ...unused];
}

type VolumeName = Pick<ForwardMark, 'engine' | 'name'>;

function isAmong({ engine, name }: VolumeName, volumes: readonly VolumeName[]): boolean {
  return volumes.some((one) => one.engine === engine && one.name === name);
}

function unheld({ rootHash, version, engine, name }: ForwardMark): ForwardMark {
  return { rootHash, version, engine, name };
}

function isNewer(mark: VolumeRelease, running: VolumeRelease): boolean {
  return mark.rootHash !== running.rootHash && compareVersions(mark.version, running.version) > 0;
}
