import { type ByteSpan, payloadOf, type Segment } from './segment.ts';

/** Segments that are carried out together, and the part of the artifact that they need. */
export interface Batch {
  readonly segments: readonly Segment[];
  /** One range request. Absent: nothing has to be fetched. */
  readonly span?: ByteSpan;
}

/** Blocks made by a batch: 8 MiB. */
const mostBlocks = 2048;
/** Bytes of a request, unless one payload is longer: what is under way when the power goes is fetched again. */
export const mostSpanBytes = 384 * 1024;
/** Bytes nobody needs that are cheaper to fetch than another request. */
const mostGapBytes = 16 * 1024;

/** Puts neighbouring segments together. Their order, and that of their payloads, stays. Pure. */
export function batchesOf(segments: readonly Segment[]): Batch[] {
  const batches: Batch[] = [];
  let current: Segment[] = [];
  let blocks = 0;
  let span: ByteSpan | undefined;
  const close = (): void => {
    if (current.length > 0) batches.push({ segments: current, ...(span === undefined ? {} : { span }) });
    current = [];
    blocks = 0;
    span = undefined;
  };
  for (const segment of segments) {
    const payload = payloadOf(segment);
    if (blocks + segment.blocks > mostBlocks || !fits(span, payload)) close();
    current.push(segment);
    blocks += segment.blocks;
    if (payload !== undefined) span = { start: span?.start ?? payload.start, end: payload.end };
  }
  close();
  return batches;
}

/** The first block behind a batch. Pure. */
export function endOf({ segments }: Batch): number {
  const last = segments.at(-1);
  return last === undefined ? 0 : last.block + last.blocks;
}

function fits(span: ByteSpan | undefined, payload: ByteSpan | undefined): boolean {
  if (span === undefined || payload === undefined) return true;
  return payload.start - span.end <= mostGapBytes && payload.end - span.start <= mostSpanBytes;
}
