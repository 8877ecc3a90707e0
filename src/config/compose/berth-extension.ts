import { isTimeZone } from '../../core/schedule/cron.ts';
import { didYouMean } from '../near-miss.ts';
import { describeValue, oneOf } from '../shape.ts';
import { cronExpression } from '../value-shapes.ts';
import { command } from './command-shapes.ts';
import { type ComposeShape, converted, plain } from './compose-shape.ts';
import { recordOf } from './record-of.ts';
import { duration, text, truth } from './scalar-shapes.ts';
import type { BerthExtension, PreReboot, VolumeExtension } from './types.ts';

/** Nanoseconds. Whoever waits for a restart waits for the slowest hook. */
const longestDeadline = 600e9;

/** An IANA time zone name. */
const timeZone: ComposeShape<string> = converted(
  text,
  (value, place) => {
    if (isTimeZone(value)) return value;
    const near = didYouMean(value, Intl.supportedValuesOf('timeZone'));
    place.error(
      'invalid-value',
      `${describeValue(value)} is not a time zone`,
      near ?? 'write an IANA name such as Europe/Berlin',
    );
    return undefined;
  },
  (value) => value,
);

const hookCommand: ComposeShape<string[]> = {
  ...command,
  read(value, place) {
    const words = command.read(value, place);
    if (value === null || words?.length === 0) place.error('invalid-value', 'names no command');
    return words;
  },
};

/** What runs in a service before the host restarts. */
const preReboot: ComposeShape<PreReboot> = recordOf<PreReboot>({
  noun: 'pre_reboot',
  fields: { command: hookCommand, deadline: duration },
  required: ['command'],
  isClosed: true,
  check({ deadline }, place) {
    if (deadline === undefined || (deadline > 0 && deadline <= longestDeadline)) return;
    place.child('deadline').error('invalid-value', 'is not more than 0 and at most 10 minutes', 'for example 30s');
  },
});

/** `x-berth`: what Compose has no word for. */
export const berthExtension = recordOf<BerthExtension>({
  noun: 'x-berth',
  fields: {
    engine: plain(oneOf(['system', 'user'])),
    one_shot: truth,
    schedule: plain(cronExpression),
    timezone: timeZone,
    overlap: plain(oneOf(['skip', 'replace', 'allow'])),
    essential: truth,
    critical: truth,
    disposable: truth,
    update: plain(oneOf(['replace', 'delete-then-create', 'hand-over'])),
    settle: duration,
    pre_reboot: preReboot,
  },
  isClosed: true,
  check({ schedule, timezone, overlap, pre_reboot: hook }, place) {
    if (schedule !== undefined) {
      if (hook !== undefined)
        place
          .child('pre_reboot')
          .warn('unsupported', '"pre_reboot" has no effect on runs of a schedule', 'remove it', 'key');
      return;
    }
    const idle = [...(timezone === undefined ? [] : ['timezone']), ...(overlap === undefined ? [] : ['overlap'])];
    for (const key of idle)
      place.child(key).warn('unsupported', `"${key}" has no effect without "schedule"`, 'add "schedule"', 'key');
  },
});

/** `x-berth` of a volume. */
export const volumeExtension = recordOf<VolumeExtension>({
  noun: 'x-berth of a volume',
  fields: { rollback: plain(oneOf(['keep', 'snapshot', 'forward-only'])) },
  isClosed: true,
});
