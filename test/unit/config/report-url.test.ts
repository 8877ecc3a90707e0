import { expect, test } from '@jest/globals';
import { reportUrlIn } from '../../../src/config/report-url.ts';

test.each([
  ['a text as it should be', ['berth: {report: {url: "http://h/x"}}'], 'http://h/x'],
  ['a text whose end is broken', ['berth:\n  report: {url: "https://h/x"}\n  enable: [ntp\n'], 'https://h/x'],
  ['the last of several', ['berth: {report: {url: "http://a/"}}', 'berth: {report: {url: "http://b/"}}'], 'http://b/'],
  ['one that says nothing after one that does', ['berth: {report: {url: "http://a/"}}', 'x: y'], 'http://a/'],
  ['another scheme', ['berth: {report: {url: "file:///etc/shadow"}}'], undefined],
  ['no text', ['\0\u0001{[', ''], undefined],
  ['a list', ['- a'], undefined],
])('%s', (_what, texts, url) => {
  expect(reportUrlIn(texts)).toBe(url);
});
