import { expect, test } from '@jest/globals';
import { guardCheck } from '../../../src/agent/guard-check.ts';
import { type OsCheckDependencies, osChecks } from '../../../src/agent/os-checks.ts';
import { ownCheckNames } from '../../../src/config/berth/own-checks.ts';

test('the names that no config may give to its own checks are those of all checks that a host makes', () => {
  const made = [...osChecks({} as OsCheckDependencies), guardCheck('/run', () => 0)];
  expect(made.map(({ name }) => name)).toEqual(ownCheckNames);
});
