import type { Problem } from '../../../core/diagnostic.ts';
import type { Place } from '../../place.ts';
import { Decoder } from './decode.ts';
import type { IgnitionConfig } from './model.ts';
import { checkConfig } from './rules/check.ts';
import { checkConfig1 } from './rules-1/check.ts';
import { checkConfig2 } from './rules-2/check.ts';
import { seeReplaced20 } from './rules-2/replaced.ts';
import { type SpecVersion, version1 } from './spec/spec-versions.ts';
import { pathIn1, translateFrom1 } from './translate-1.ts';
import { pathIn2, translateFrom2 } from './translate-2.ts';
import { translateFrom3 } from './translate-3.ts';
import { isVersion1, versionOf } from './version.ts';

/** What reading a config gives. */
export interface IgnitionReading {
  /** In the words of the newest specification; undefined when something in it is wrong: all or nothing. */
  readonly config: IgnitionConfig | undefined;
  /** The version that the text says it has; undefined when that is not known. */
  readonly version: SpecVersion | undefined;
  /** Where to report about `config`: a path of it is that of the document, also where a name was another one there. */
  readonly place: Place;
}

/**
 * Reads an Ignition config of any version from plain data, and checks what Ignition's own validator checks: what it rejects is
 * an error, what it warns of a warning, reported at `root` and its children. Pure; never throws.
 */
export function readIgnition(data: unknown, root: Place): IgnitionReading {
  const errors: Problem[] = [];
  const place = root.via((problem) => {
    if (problem.severity === 'error') errors.push(problem);
    return problem;
  });
  const version = isVersion1(data) ? version1 : versionOf(data, place);
  const table = version?.table;
  const seeReplaced = version?.name === '2.0.0' ? seeReplaced20 : undefined;
  const decoded = table === undefined ? undefined : new Decoder(table, seeReplaced).document(data, place);
  if (version === undefined || decoded === undefined) return { config: undefined, version, place };
  if (version.major === 3) {
    checkConfig(decoded, place, version);
    return { config: errors.length === 0 ? translateFrom3(decoded, version.minor) : undefined, version, place };
  }
  if (version.major === 1) {
    checkConfig1(decoded, place);
    const pathIn = pathIn1(decoded);
    const at = place.via((problem) => ({ ...problem, path: pathIn(pathIn2(problem.path)) }));
    return { config: errors.length === 0 ? translateFrom2(translateFrom1(decoded)) : undefined, version, place: at };
  }
  checkConfig2(decoded, place, version.minor);
  const config = errors.length === 0 ? translateFrom2(decoded) : undefined;
  return { config, version, place: place.via((problem) => ({ ...problem, path: pathIn2(problem.path) })) };
}
