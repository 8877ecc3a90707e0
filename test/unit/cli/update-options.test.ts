import { expect, test } from '@jest/globals';
import { updateOptions } from '../../../src/cli/commands/os-update.ts';

const cwd = '/home/ops';

test.each([
  [{ to: '1.2' }, { to: '1.2' }],
  [{ from: 'berth.tar' }, { from: '/home/ops/berth.tar' }],
  [{ from: '/run/berth/media', vm: 'web' }, { from: '/run/berth/media' }],
  [{ from: 'https://u.example.org/', vm: 'web' }, { from: 'https://u.example.org' }],
])('%j asks for %j', (flags, options) => {
  expect(updateOptions(flags, cwd)).toEqual(options);
});

test('with --vm, a path is one of the host: where this shell stands says nothing there', () => {
  expect(() => updateOptions({ from: 'sticks/berth.tar', vm: 'web' }, cwd)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: '--from sticks/berth.tar: with --vm, a path is one of the host, and begins with /',
      hint: 'scp brings a file there: --from /home/USER/berth.tar',
    }),
  );
});
