import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandTable } from '../../../src/cli/command-table.ts';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(async () => bench.close());

test.each([
  [['stats', '--json'], "unknown command 'stats'", 'Did you mean status?'],
  [['status', '--colour', '--json'], "unknown option '--colour'", 'berth --help'],
  [['logs', '--json'], "missing required argument 'service'", 'berth --help'],
  [['--json', 'logs', '-n', 'many', 'web'], 'It must be a whole number.', 'berth --help'],
  [['release', 'publish', 'www', '--json'], "missing required argument 'release'", 'berth --help'],
  [['os', 'updat', '--json'], "unknown command 'updat'", 'Did you mean update?'],
  [['os', '--json'], 'no command is named', 'berth --help'],
  [['--json'], 'no command is named', 'berth --help'],
])('%j is told as JSON, and nothing else is', async (args, message, hint) => {
  const { code, stdout, stderr } = await bench.run(args);
  expect([code, stderr]).toEqual([2, '']);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'USAGE', message: expect.stringContaining(message), hint, retryable: false, details: {} },
  });
  expect(stdout).not.toContain('error: ');
});

test('--json of the program that is run is not ours', async () => {
  const { code, stdout, stderr } = await bench.run(['service', 'exec', '--', '--json']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain("missing required argument 'command'");
});

test('--help with --json is help', async () => {
  const { code, stdout } = await bench.run(['os', '--help', '--json']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: berth os')]);
});

test('every group of commands says what it is for', async () => {
  const { stdout } = await bench.run(['--help']);
  const groups = commandTable({ clock: { now: () => 0, sleep: async () => Promise.resolve() } })
    .map(({ name }) => name.split(' '))
    .filter((words) => words.length === 2)
    .map(([group = '']) => group);
  expect(groups).toContain('config');
  for (const group of new Set(groups)) expect(stdout).toMatch(new RegExp(`^ {2}${group} \\[options\\] +[a-z]`, 'm'));
});

test('help says when exit code 3 comes', async () => {
  expect((await bench.run(['--help'])).stdout).toContain('(plan and os check with --detailed-exitcode)');
});
