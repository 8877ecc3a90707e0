import { expect, test } from '@jest/globals';
import { Changes } from '../../../src/services/changes.ts';

test('only what came after a moment counts', () => {
  const changes = new Changes();
  changes.noteService('web');
  const { now } = changes;
  expect(changes.since(now)).toEqual([]);
  changes.noteService('db');
  changes.noteService('db');
  expect(changes.since(now)).toEqual(['db']);
  expect(changes.since(0)).toEqual(['web', 'db']);
});

test('after anything may have changed, nothing before it is known', () => {
  const changes = new Changes();
  const before = changes.now;
  changes.noteService('web');
  changes.noteAnything();
  expect(changes.since(before)).toBeUndefined();
  const { now } = changes;
  changes.noteService('db');
  expect(changes.since(now)).toEqual(['db']);
});
