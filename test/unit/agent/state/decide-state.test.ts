import { expect, test } from '@jest/globals';
import { decideState, type StateDecision, type StateNote } from '../../../../src/agent/state/decide-state.ts';
import type { Migration } from '../../../../src/agent/state/migration.ts';

const first: Migration = { from: 1, to: 2, migrate: async () => Promise.resolve() };
const second: Migration = { from: 2, to: 3, migrate: async () => Promise.resolve() };

interface Row {
  readonly rule: string;
  readonly note?: StateNote;
  readonly hasData?: boolean;
  readonly schema: number;
  readonly decision: StateDecision;
}

const refusal = (inUse: number, schema: number): StateDecision => ({
  kind: 'refuse',
  why: `what this host keeps has schema ${inUse}, this release reads ${schema}, and no copy from before was kept`,
});

test.each<Row>([
  { rule: 'a new host begins with the first schema as ever', hasData: false, schema: 1, decision: { kind: 'use' } },
  { rule: 'a new host begins with a later one at once', hasData: false, schema: 2, decision: { kind: 'begin' } },
  { rule: 'data of the first schema needs no note', schema: 1, decision: { kind: 'use' } },
  { rule: 'its own data is used', note: { inUse: 3, kept: [2] }, schema: 3, decision: { kind: 'use' } },
  { rule: 'older data is migrated', schema: 2, decision: { kind: 'migrate', path: [first] } },
  {
    rule: 'older data is migrated over all between',
    note: { inUse: 1, kept: [] },
    schema: 3,
    decision: { kind: 'migrate', path: [first, second] },
  },
  {
    rule: 'from the data that counts, not from a copy that is kept',
    note: { inUse: 2, kept: [1] },
    schema: 3,
    decision: { kind: 'migrate', path: [second] },
  },
  {
    rule: 'an older release goes back to what was kept',
    note: { inUse: 3, kept: [2] },
    schema: 2,
    decision: { kind: 'return' },
  },
  {
    rule: 'an older release with nothing kept refuses',
    note: { inUse: 2, kept: [] },
    schema: 1,
    decision: refusal(2, 1),
  },
  {
    rule: 'an older release does not take a copy of another schema',
    note: { inUse: 3, kept: [2] },
    schema: 1,
    decision: refusal(3, 1),
  },
  {
    rule: 'a newer release that knows no way from it refuses',
    note: { inUse: 1, kept: [] },
    schema: 4,
    decision: {
      kind: 'refuse',
      why: 'what this host keeps has schema 1, from which this release cannot make its 4',
    },
  },
])('$rule', ({ note, hasData = true, schema, decision }) => {
  expect(decideState(note, hasData, schema, [first, second])).toEqual(decision);
});
