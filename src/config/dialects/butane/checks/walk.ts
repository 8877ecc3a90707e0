import type { RecordShape, Shape } from '../spec/shape.ts';
import type { Traced, TracedRecord } from '../traced.ts';

/** Calls back for each record in a value, an outer one before those in it, with what it is. */
export function walkRecords(
  value: Traced,
  shape: Shape,
  visit: (record: TracedRecord, shape: RecordShape) => void,
): void {
  if (value.kind === 'list' && shape.kind === 'list') {
    for (const item of value.items) walkRecords(item, shape.item, visit);
  }
  if (value.kind !== 'record' || shape.kind !== 'record') return;
  visit(value, shape);
  for (const { key, shape: inner } of shape.fields) {
    const member = value.fields.get(key);
    if (member !== undefined) walkRecords(member, inner, visit);
  }
}
