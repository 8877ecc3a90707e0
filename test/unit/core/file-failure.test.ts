import { expect, test } from '@jest/globals';
import { BerthError } from '../../../src/core/errors.ts';
import { fileFailure } from '../../../src/core/file-failure.ts';

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: what Node says`), { code, syscall: 'open', ...more });

test.each([
  [system('ENOENT', { path: '/a' }), 'NOT_FOUND', '/a is not there'],
  [system('EACCES', { path: '/a' }), 'HOST_REFUSED', '/a may not be used: permission denied'],
  [system('EROFS', { path: '/a' }), 'HOST_REFUSED', '/a cannot be written: its file system is read-only'],
  [system('EROFS', { path: '/a', dest: '/b' }), 'HOST_REFUSED', '/b cannot be written: its file system is read-only'],
  [system('ENOENT', { path: '/a', dest: '/b' }), 'NOT_FOUND', '/a is not there'],
  [system('EACCES', { path: '/a.new', dest: '/a', syscall: 'rename' }), 'HOST_REFUSED', '/a may not be used'],
  [system('EISDIR', { path: '/a.new', dest: '/a', syscall: 'rename' }), 'HOST_REFUSED', '/a is a folder'],
  [system('EEXIST', { path: '/a', syscall: 'mkdir' }), 'HOST_REFUSED', '/a is there already, and is something else'],
  [system('ENOSPC', { path: '/a' }), 'DISK_FULL', '/a cannot be written: no space is left there'],
  [system('ENOSPC', { syscall: 'write' }), 'DISK_FULL', 'a file cannot be written: no space is left there'],
])('%s is told as an expected failure, with what to do', (error, code, message) => {
  expect(fileFailure(error)).toMatchObject({
    ...{ code, message: expect.stringContaining(message), cause: error },
    hint: expect.stringMatching(/./),
  });
});

test.each([
  ['a bug', new TypeError('x is undefined')],
  ['nothing', undefined],
  ['a socket that nobody listens at', system('ECONNREFUSED', { syscall: 'connect', path: '/run/a.sock' })],
  ['one that may not be opened, without its path', system('EACCES', { syscall: 'connect' })],
  ['a program that is not there', system('ENOENT', { syscall: 'spawn skopeo', path: 'skopeo' })],
  ['what is an expected failure already', new BerthError('BUSY', 'later')],
])('%s is none of a file', (_, error) => {
  expect(fileFailure(error)).toBeUndefined();
});
