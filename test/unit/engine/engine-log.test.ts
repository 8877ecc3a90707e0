import { expect, test } from '@jest/globals';
import { tellingLines } from '../../../src/engine/engine-log.ts';

const time = 'time="2026-01-01T00:00:00.1Z"';

test.each([
  {
    rule: 'routine is left out, time stamps too',
    log: `${time} level=info msg="Starting up"\n${time} level=error msg="cannot \\"x\\"" error="no \\n such"\n${time} level=info msg=done\n`,
    lines: ['cannot "x": no such'],
  },
  {
    rule: 'words before the logger is set up count',
    log: "unknown flag: --x\nSee 'dockerd --help'.\n",
    lines: ['unknown flag: --x'],
  },
  {
    rule: 'what every start says is left out',
    log: `${time} level=warning msg="Your kernel does not support cgroup blkio weight"\nfailed to start daemon: taken\n`,
    lines: ['failed to start daemon: taken'],
  },
  { rule: 'nothing stands there twice', log: 'same\nsame\nother\n', lines: ['same', 'other'] },
  { rule: 'the last ones are kept', log: 'a\nb\nc\nd\ne\nf\ng\n', lines: ['c', 'd', 'e', 'f', 'g'] },
  {
    rule: 'when all is routine, routine is better than nothing',
    log: `${time} level=info msg="Starting up"\n`,
    lines: ['Starting up'],
  },
  { rule: 'an empty log says nothing', log: '', lines: [] },
])('$rule', ({ log, lines }) => {
  expect(tellingLines(log)).toEqual(lines);
});
