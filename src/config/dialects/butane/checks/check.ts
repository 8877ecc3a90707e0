import type { Place } from '../../../place.ts';
import type { Translating } from '../context.ts';
import type { TracedRecord } from '../traced.ts';

/** A rule about one kind of record of the Butane config itself, before it is translated. */
export type Check = (record: TracedRecord, place: Place, context: Translating) => void;
