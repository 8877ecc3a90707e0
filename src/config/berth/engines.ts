import { reservedDaemonKeys } from '../daemon-keys.ts';
import type { EngineOptions } from '../host-config.ts';
import { honoured } from '../key-table.ts';
import { type RecordOf, record } from '../record-shape.ts';
import type { EngineName } from '../service-spec.ts';
import { convert, mapOf, opaqueMap, text, word } from '../shape.ts';
import type { BerthDraft } from './draft.ts';
import { size } from './size.ts';

/** Keys of daemon.json but for those that are Berth's to set: dockerd, not we, knows what they mean. */
const daemonOf = (name: EngineName) =>
  convert(opaqueMap, (value, place) => {
    const isOurs = (key: string): boolean => reservedDaemonKeys[name].includes(key);
    for (const key of Object.keys(value).filter(isOurs))
      place
        .child(key)
        .error('invalid-value', `Berth sets ${key} of the ${name} engine itself`, 'remove the key', 'key');
    return Object.fromEntries(Object.entries(value).filter(([key]) => !isOurs(key)));
  });

const fieldsOf = (name: EngineName) => ({ log_driver: text, log_options: mapOf(word), daemon: daemonOf(name) });
const engineOf = (name: EngineName) => record(fieldsOf(name), { unknown: 'error' });

const enginesShape = record(
  { system: engineOf('system'), user: engineOf('user'), image_budget: size },
  { unknown: 'error' },
);

/** `berth.engines`. */
export const engineRow = honoured<BerthDraft, NonNullable<ReturnType<typeof enginesShape.read>>>({
  key: 'engines',
  meaning:
    'per engine (`system`, `user`): log driver, its options, and further keys of daemon.json; `image_budget`: space that images may take',
  shape: enginesShape,
  apply({ system, user, image_budget: imageBudgetBytes }, { host }) {
    const { engines } = host.config;
    if (system !== undefined) engines.system = adjust(engines.system, system);
    if (user !== undefined) engines.user = adjust(engines.user, user);
    if (imageBudgetBytes !== undefined) engines.imageBudgetBytes = imageBudgetBytes;
  },
});

/** Another driver does not know the options of the default one, so those go with it. */
function adjust(
  current: EngineOptions,
  given: RecordOf<ReturnType<typeof fieldsOf>, never>,
): { logDriver: string; logOptions: Record<string, string>; daemon: Record<string, unknown> } {
  const logDriver = given.log_driver ?? current.logDriver;
  const inherited = logDriver === current.logDriver ? current.logOptions : {};
  return {
    logDriver,
    logOptions: { ...inherited, ...given.log_options },
    daemon: { ...current.daemon, ...given.daemon },
  };
}
