import { expect, test } from '@jest/globals';
import { changeOf } from '../../../src/cli/plan-text.ts';

test.each([
  ['pull-image', 'berth.services.web added', 'add'],
  ['return-image', 'web:1 meant sha256:abc in generation 1', 'change'],
  ['replace-service', 'berth.services.web.image changed', 'change'],
  ['write-file', 'write_files[0].content changed', 'change'],
  ['remove-service', 'berth.services.web removed', 'remove'],
  ['stop-service', 'berth service stop web', 'remove'],
])('a plan shows %s, because %s, as %s', (kind, reason, change) => {
  const step = {
    id: kind,
    kind,
    subject: 'service/web',
    cost: 'live',
    summary: '',
    reasons: [reason],
    after: [],
    waitsFor: [],
  } as const;
  expect(changeOf(step)).toBe(change);
});
