import { describe, expect, test } from '@jest/globals';
import { marksText, marksUnder, parseMarks, servicesToHold } from '../../../../src/agent/volumes/forward-marks.ts';
import type { RuledVolume } from '../../../../src/agent/volumes/ruled-volume.ts';
import type { DesiredService } from '../../../../src/services/model.ts';

const old = { rootHash: 'aa', version: '1.9.0' };
const newer = { rootHash: 'bb', version: '1.10.0' };
const db: RuledVolume = { rollback: 'forward-only', engine: 'user', name: 'berth_db' };
const files: RuledVolume = { rollback: 'snapshot', engine: 'user', name: 'berth_files' };

const service = (name: string, engine: 'user' | 'system', volumes: readonly string[]) =>
  [name, { name, engine, volumes } as unknown as DesiredService] as const;
const services = new Map([
  service('shop', 'user', ['berth_db', 'berth_files']),
  service('backup', 'user', ['berth_db']),
  service('web', 'user', ['berth_files']),
  service('logs', 'system', ['berth_db']),
]);

test('marks are lines, and lines are marks', () => {
  const marks = marksUnder([db, files], newer);
  expect(marksText(marks)).toBe('bb 1.10.0 user berth_db\n');
  expect(parseMarks(marksText(marks))).toEqual(marks);
});

test.each(['', 'bb 1.10.0 user', 'bb 1.10.0 other berth_db', 'bb 1.10.0 user berth db'])('%j is no mark', (line) => {
  expect(parseMarks(`${line}\n`)).toEqual([]);
});

describe('a service does not run', () => {
  const held = (running: typeof old, ruled: readonly RuledVolume[], marked = newer): string[] =>
    servicesToHold({ services }, ruled, marksUnder([db], marked), running).map(({ service: name }) => name);

  test('where a newer release ran with its volume', () => {
    expect(servicesToHold({ services }, [db], marksUnder([db], newer), old)).toEqual(
      ['shop', 'backup'].map((name) => ({
        service: name,
        why: '1.10.0 ran with its volume user/berth_db, which goes forward only, and this is 1.9.0',
      })),
    );
  });

  test.each<[string, string[]]>([
    ['but it does under that release', held(newer, [db])],
    ['but it does under a later one', held({ rootHash: 'cc', version: '1.11.0' }, [db])],
    ['but it does under the same version with another content', held({ rootHash: 'cc', version: '1.10.0' }, [db])],
    ['but it does when the volume does not go forward only any more', held(old, [files])],
    ['but it does where no other release ran', held(old, [db], old)],
  ])('%s', (_rule, names) => {
    expect(names).toEqual([]);
  });
});
