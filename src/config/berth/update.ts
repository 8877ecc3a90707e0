import { honoured } from '../key-table.ts';
import { record } from '../record-shape.ts';
import { list, located, oneOf, textLike } from '../shape.ts';
import { timeZone, webUrl } from '../value-shapes.ts';
import type { BerthDraft } from './draft.ts';
import { duration } from './duration.ts';
import { healthShape } from './update-health.ts';

const strict = { unknown: 'error' } as const;
const strategies = ['immediate', 'off', 'staged', 'window', 'permit'] as const;
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const windowShape = record(
  {
    days: list(oneOf(weekdays)),
    start: textLike(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, such as 03:30'),
    duration,
    timezone: timeZone,
  },
  { ...strict, required: ['start', 'duration'] },
);

const updateShape = record(
  {
    feed: webUrl,
    channel: textLike(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'the name of a channel, such as stable'),
    strategy: oneOf(strategies),
    window: located(windowShape),
    health: healthShape,
  },
  strict,
);

/** `berth.update`. */
export const updateRow = honoured<BerthDraft, NonNullable<ReturnType<typeof updateShape.read>>>({
  key: 'update',
  meaning:
    'where OS releases come from (`feed`, `channel`) when they are activated (`strategy`, `window`), and what one must show before it is kept (`health`)',
  shape: updateShape,
  apply({ feed, channel, strategy, window, health }, { host }, place) {
    const { update } = host.config;
    if (feed !== undefined) update.feed = feed;
    if (channel !== undefined) update.channel = channel;
    if (strategy !== undefined) update.strategy = strategy;
    if (health !== undefined) update.health = health;
    if (window !== undefined) {
      const { days = [...weekdays], timezone = 'UTC', ...times } = window.value;
      update.window = { days, timezone, ...times };
      if (strategy !== 'window')
        window.place.warn('no-effect', 'has no effect unless the strategy is "window"', undefined, 'key');
    } else if (strategy === 'window') {
      place.child('strategy').error('missing-key', 'the strategy "window" needs "window": {start, duration}');
    }
  },
});
