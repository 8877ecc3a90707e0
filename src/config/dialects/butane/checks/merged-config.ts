import { readJson } from '../../../json/json-source.ts';
import { Place } from '../../../place.ts';
import { maxTextLength } from '../../../yaml-source.ts';
import { Decoder } from '../../ignition/decode.ts';
import { readIgnition } from '../../ignition/read.ts';
import { specVersions } from '../../ignition/spec/spec-versions.ts';
import { isVersion1, versionOf } from '../../ignition/version.ts';
import type { Translating } from '../context.ts';

/**
 * Reports what Ignition has against a config that is written inline to be merged: read by the specification that the Butane
 * config is translated to. One of another version is only read as far as that specification reads it, as Butane does.
 */
export function checkMergedConfig(text: string, place: Place, { spec }: Translating): void {
  const report = place.via((problem) => ({ ...problem, path: place.path }));
  const { data, problems } = readJson(text, maxTextLength);
  for (const { code, message } of problems) report.error(code, message);
  const table = specVersions.find(({ name }) => name === spec.ignition)?.table;
  if (problems.length > 0 || table === undefined) return;
  const silent = new Place([], () => undefined);
  if (new Decoder(table).document(data, silent) === undefined) {
    new Decoder(table).document(data, errorsOnly(report));
    return;
  }
  const version = versionOf(data, silent);
  if (version !== undefined && version.name !== spec.ignition) {
    report.warn(
      'other-version',
      `is a config of version ${version.name}, not ${spec.ignition}: Butane does not check it`,
      `give it the version ${spec.ignition}`,
    );
    return;
  }
  if (isVersion1(data)) versionOf(data, report);
  else readIgnition(data, report);
}

/** What is only odd in a config that cannot be read is not said of it. */
function errorsOnly(place: Place): Place {
  return new Place(place.path, ({ severity, code, message, hint }) => {
    if (severity === 'error') place.error(code, message, hint);
  });
}
