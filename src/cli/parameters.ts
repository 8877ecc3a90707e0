import { InvalidArgumentError } from 'commander';
import type { Rollout } from '../update/feed/feed.ts';

const secondsIn = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 } as const;

/** `90`, `90s`, `5m`, `2h` → seconds. */
export function parseSeconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)?$/.exec(text);
  const seconds = Number(match?.[1]) * secondsIn[(match?.[2] ?? 's') as keyof typeof secondsIn];
  if (Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('It must be a length of time like 90s, 5m or 2h.');
}

/** An ISO 8601 time, or a length of time before now → milliseconds since the epoch. */
export function parseMoment(now: () => number): (text: string) => number {
  return (text) => {
    if (/^\d/.test(text) && !text.includes('-')) return now() - parseSeconds(text) * 1000;
    const moment = Date.parse(text);
    if (Number.isNaN(moment))
      throw new InvalidArgumentError('It must be a time like 2026-05-01T12:00:00Z, or 10m for ten minutes ago.');
    return moment;
  };
}

/** An ISO 8601 time → milliseconds since the epoch. */
export function parseTime(text: string): number {
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) throw new InvalidArgumentError('It must be a time like 2026-05-01T12:00:00Z.');
  return moment;
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** One of the given words. */
export function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`);
  };
}

/** Collects an option given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

const bytesIn = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

/** `2G`, `512MiB`, `16g` → bytes; the units are powers of 1024. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?$/i.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a size like 512M or 2G.');
  return Math.round(Number(match[1]) * bytesIn[(match[2] ?? '').toUpperCase() as keyof typeof bytesIn]);
}

const rolloutForms = 'It must be all, a length of time like 2d, or waves like 0s=1%,4h=10%,1d=100%.';

function rolloutSeconds(text: string): number {
  try {
    return parseSeconds(text);
  } catch {
    throw new InvalidArgumentError(rolloutForms);
  }
}

/** Of nothing, no share could be reckoned. */
function rampMinutes(text: string): number {
  const minutes = rolloutSeconds(text) / 60;
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError('It must be longer than no time: all offers a release to every host at once.');
}

/** `all`; `2d`: evenly over that time; `0s=1%,4h=10%,1d=100%`: by waves. The rollout begins now. */
export function parseRollout(now: () => number): (text: string) => Rollout {
  return (text) => {
    if (text === 'all') return { kind: 'all' };
    const start = new Date(now()).toISOString();
    if (!text.includes('=')) return { kind: 'ramp', start, share: 0, minutes: rampMinutes(text) };
    const waves = text.split(',').map((wave) => {
      const [, after = '', percent = ''] = /^(\w+)=(\d+(?:\.\d+)?)%$/.exec(wave.trim()) ?? [];
      const share = Number(percent) / 100;
      if (after === '' || share > 1) throw new InvalidArgumentError(rolloutForms);
      return { afterMinutes: rolloutSeconds(after) / 60, share };
    });
    return { kind: 'waves', start, waves };
  };
}
