const dayMs = 86_400_000;
/** Shorter than the time between any two changes of a zone's offset that the tz database knows of in this century. */
const blockMs = 4 * dayMs;
const cachedBlocks = 512;

/** A stretch of time in which a zone keeps one offset from UTC. */
export interface OffsetSpan {
  /** Milliseconds since the epoch; the span may be known only in part, so the span before can have the same offset. */
  readonly start: number;
  /** First millisecond after it. */
  readonly end: number;
  /** Milliseconds to add to UTC. */
  readonly offset: number;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly blocks: Map<number, readonly OffsetSpan[]>;
}

/** Answers of `Intl` kept: asking it costs microseconds, and a search asks for the same days again and again. */
const zones = new Map<string, Zone>();

/** True for an IANA time zone name the runtime knows: `Europe/Paris`, `UTC`. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The span around an instant. Throws RangeError for a name that {@link isTimeZone} refuses. */
export function offsetSpan(timeZone: string, atMs: number): OffsetSpan {
  const zone = zoneOf(timeZone);
  const number = Math.floor(atMs / blockMs);
  let spans = zone.blocks.get(number);
  if (spans === undefined) {
    spans = readBlock(zone, number * blockMs);
    if (zone.blocks.size >= cachedBlocks) zone.blocks.clear();
    zone.blocks.set(number, spans);
  }
  const span = spans.find(({ end }) => atMs < end);
  if (span === undefined) throw new Error(`no offset of ${timeZone} at ${atMs}`);
  return span;
}

function zoneOf(timeZone: string): Zone {
  let zone = zones.get(timeZone);
  if (zone === undefined) {
    zone = { format: new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }), blocks: new Map() };
    zones.set(timeZone, zone);
  }
  return zone;
}

function readBlock(zone: Zone, start: number): readonly OffsetSpan[] {
  const end = start + blockMs;
  const before = offsetAt(zone.format, start);
  const after = offsetAt(zone.format, end - 1);
  if (before === after) return [{ start, end, offset: before }];
  // Changes happen on whole seconds.
  let [low, high] = [start / 1000, end / 1000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone.format, middle * 1000) === before) low = middle;
    else high = middle;
  }
  const change = high * 1000;
  return [
    { start, end: change, offset: before },
    { start: change, end, offset: after },
  ];
}

/** ECMA-402 `longOffset`: `GMT`, `GMT+05:30`, `GMT-00:44:30` at the end of the formatted date. */
function offsetAt(format: Intl.DateTimeFormat, atMs: number): number {
  const match = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(format.format(atMs));
  if (match === null) throw new Error(`unreadable offset at ${atMs}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}
