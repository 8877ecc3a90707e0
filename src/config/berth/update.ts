import { honoured } from '../key-table.ts';
import type { Place } from '../place.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  describeValue,
  isMapping,
  oneOf,
  type Placed,
  placed,
  type ReadBy,
  type Shape,
  text,
  textLike,
} from '../shape.ts';
import { absolutePath, cronExpression, timeZone, webUrl } from '../value-shapes.ts';
import type { BerthDraft } from './draft.ts';
import { durationSeconds } from './duration.ts';
import { size } from './size.ts';
import { healthShape } from './update-health.ts';
import { windowShape } from './update-window.ts';

const strict = { unknown: 'error' } as const;
const strategies = ['immediate', 'off', 'staged', 'window', 'permit'] as const;
type Strategy = (typeof strategies)[number];
/** Bytes a second. Slower, a release would be out of date when it is here. */
const leastRate = 1024;

/** Where a repository is: on a server, or in a directory, such as that of a USB stick. */
const repository: Shape<string> = convert(
  text,
  (value, place) => (value.startsWith('/') ? absolutePath : webUrl).read(value, place),
  { pattern: '^(/|[Hh][Tt][Tt][Pp][Ss]?://)' },
);

const rootDocument: Shape<string> = convert(text, (value, place) => {
  const objection = objectionTo(value);
  if (objection === undefined) return value;
  place.error('invalid-value', objection, "the text of the repository's metadata/1.root.json, whole");
  return undefined;
});

const rate: Shape<number> = convert(size, (value, place) => {
  if (value >= leastRate) return value;
  place.error('invalid-value', `${value} bytes a second is less than ${leastRate}`, 'for example 2m');
  return undefined;
});

const updateShape = record(
  {
    feed: repository,
    root: rootDocument,
    channel: textLike(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'the name of a channel, such as stable'),
    timezone: placed(timeZone),
    schedule: placed(cronExpression),
    strategy: placed(oneOf(strategies)),
    window: placed(windowShape),
    permit: placed(record({ file: absolutePath }, { ...strict, required: ['file'] })),
    max_deferral: placed(durationSeconds),
    rate_limit: rate,
    proxy: webUrl,
    health: healthShape,
  },
  strict,
);
type UpdateKeys = NonNullable<ReadBy<typeof updateShape>>;

/** Keys that only some strategies look at. */
const usedBy = {
  window: ['window', 'permit'],
  permit: ['permit'],
  max_deferral: ['immediate', 'window', 'permit'],
} as const satisfies Partial<Record<keyof UpdateKeys, readonly Strategy[]>>;

/** `berth.update`. */
export const updateRow = honoured<BerthDraft, UpdateKeys>({
  key: 'update',
  meaning:
    'where OS releases come from (`feed`, `root`, `channel`) and how (`rate_limit`, `proxy`), when the host looks for them (`schedule`) and restarts for them (`strategy`, `window`, `permit`, `max_deferral`), in which zone (`timezone`), and what one must show before it is kept (`health`)',
  shape: updateShape,
  apply(keys, { host }, place) {
    const { feed, root, channel, rate_limit, proxy, health } = keys;
    const strategy = keys.strategy?.value;
    const [timezone, schedule, window] = [keys.timezone?.value, keys.schedule?.value, keys.window?.value];
    const [permit, maxDeferral] = [keys.permit?.value, keys.max_deferral?.value];
    const { update } = host.config;
    if (feed !== undefined) update.feed = feed;
    if (root !== undefined) update.root = root;
    if (channel !== undefined) update.channel = channel;
    if (timezone !== undefined) update.timezone = timezone;
    if (schedule !== undefined) update.schedule = schedule;
    if (strategy !== undefined) update.strategy = strategy;
    if (window !== undefined) update.window = { timezone: timezone ?? 'UTC', ...window };
    if (permit !== undefined) update.permit = { kind: 'file', path: permit.file };
    if (keys.permit !== undefined) host.name(['berth', 'update', 'permit'], keys.permit.place);
    if (maxDeferral !== undefined) update.maxDeferralSeconds = maxDeferral;
    if (rate_limit !== undefined) update.rateLimitBytes = rate_limit;
    if (proxy !== undefined) update.proxy = proxy;
    if (health !== undefined) update.health = health;
    checkStrategy(keys, place);
  },
});

/** What a strategy needs must be there; what it does not look at has no effect. What is refused is told once. */
function checkStrategy(keys: UpdateKeys, place: Place): void {
  const { timezone, schedule, window, permit } = keys;
  if (keys.strategy !== undefined && keys.strategy.value === undefined) return;
  const strategy = keys.strategy?.value;
  for (const key of ['window', 'permit', 'max_deferral'] as const) {
    const users: readonly Strategy[] = usedBy[key];
    if (strategy !== undefined && users.includes(strategy)) continue;
    const names = users.map((name) => `"${name}"`).join(' or ');
    warnIdle(keys[key], `has no effect unless the strategy is ${names}`);
  }
  if (strategy === 'off') warnIdle(schedule, 'has no effect with the strategy "off": the host never looks');
  if (schedule === undefined && (window === undefined || window.value?.timezone !== undefined))
    warnIdle(timezone, 'has no effect: there is no "schedule", and no "window" without its own');
  if (strategy === 'window' && window === undefined)
    place.child('strategy').error('missing-key', 'the strategy "window" needs "window": {start, duration}');
  if (strategy === 'permit' && permit === undefined)
    place.child('strategy').error('missing-key', 'the strategy "permit" needs "permit": {file}');
}

function warnIdle(key: Placed<unknown> | undefined, why: string): void {
  if (key?.value !== undefined) key.place.warn('no-effect', why, undefined, 'key');
}

/** Why a text cannot be a repository's root; whether it is one, its signatures say later. */
function objectionTo(text: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (!isMapping(document)) return 'is not a JSON object';
  const { signed } = document;
  const type = isMapping(signed) ? signed['_type'] : undefined;
  return type === 'root' ? undefined : `is another document: signed._type is ${describeValue(type)}, not "root"`;
}
