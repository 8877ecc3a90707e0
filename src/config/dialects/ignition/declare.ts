import { HostDraft } from '../../host-draft.ts';
import type { Place } from '../../place.ts';
import type { DialectContext } from '../dialect.ts';
import { mergeConfigs } from './merge.ts';
import type { IgnitionConfig } from './model.ts';
import { Origins } from './origins.ts';
import type { IgnitionReading } from './read.ts';
import { ignitionToHost } from './to-host.ts';

/**
 * Declares on a host what the configs of several files say, a later one merged over an earlier one. All or nothing: undefined when
 * there is none, or one of them could not be read.
 */
export function declareConfigs(
  readings: readonly (IgnitionReading | undefined)[],
  { isCompletedLater }: Pick<DialectContext, 'isCompletedLater'>,
): HostDraft | undefined {
  const read: { readonly config: IgnitionConfig; readonly place: Place }[] = readings.flatMap((reading) =>
    reading?.config === undefined ? [] : [{ place: reading.place, config: reading.config }],
  );
  const [first, ...others] = read;
  if (first === undefined || read.length < readings.length) return undefined;
  const draft = new HostDraft();
  const origins = new Origins();
  for (const { config, place } of read) origins.add(config, place);
  const config = others.reduce((all, other) => mergeConfigs(all, other.config, origins), first.config);
  ignitionToHost(config, first.place, draft, { origins, isCompletedLater: isCompletedLater === true });
  return draft;
}
