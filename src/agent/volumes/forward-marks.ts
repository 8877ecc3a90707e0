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

/** The release under which services last ran with a volume that goes forward only. */
export interface ForwardMark extends VolumeRelease {
  readonly engine: EngineName;
  readonly name: string;
}

/** `HASH VERSION ENGINE NAME`, a line each: the guard of the image reads it, too. Pure. */
export function marksText(marks: readonly ForwardMark[]): string {
  return marks.map(({ rootHash, version, engine, name }) => `${rootHash} ${version} ${engine} ${name}\n`).join('');
}

/** Lines of another form are left out. Pure. */
export function parseMarks(text: string): ForwardMark[] {
  return text.split('\n').flatMap((line) => {
    const [, rootHash, version, engine, name] = /^(\S+) (\S+) (system|user) (\S+)$/.exec(line) ?? [];
    if (rootHash === undefined || version === undefined || name === undefined) return [];
    return [{ rootHash, version, engine: engine as EngineName, name }];
  });
}

/** The marks once services run under a release. Pure. */
export function marksUnder(ruled: readonly RuledVolume[], { rootHash, version }: VolumeRelease): ForwardMark[] {
  return ruled.flatMap(({ rollback, engine, name }) =>
    rollback === 'forward-only' ? [{ rootHash, version, engine, name }] : [],
  );
}

/** A service that must not run, because a newer release ran with its volume. */
export interface HeldService {
  readonly service: string;
  readonly why: string;
}

/**
 * The services to hold when a release runs whose predecessor on this host was newer and went forward with their volumes. The boot
 * loader comes back by itself from a release that never gets so far that anybody could stop it. Pure.
 */
export function servicesToHold(
  { services }: Pick<Desired, 'services'>,
  ruled: readonly RuledVolume[],
  marks: readonly ForwardMark[],
  running: VolumeRelease,
): HeldService[] {
  const passed = marks.filter(
    ({ rootHash, version, engine, name }) =>
      rootHash !== running.rootHash &&
      compareVersions(version, running.version) > 0 &&
      ruled.some((one) => one.rollback === 'forward-only' && one.engine === engine && one.name === name),
  );
  return [...services.values()].flatMap(({ name: service, engine, volumes }) => {
    const mark = passed.find((one) => one.engine === engine && volumes.includes(one.name));
    if (mark === undefined) return [];
    const why = `${mark.version} ran with its volume ${shownVolume(mark)}, which goes forward only, and this is ${running.version}`;
    return [{ service, why }];
  });
}
