import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KeyImports } from '../../../src/agent/key-imports.ts';
import { importUrl, keysIn, withImportedKeys } from '../../../src/config/imported-keys.ts';
import { config } from '../host/support.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-keys-'));
});
afterEach(async () => rm(directory, { recursive: true }));

const key = (text: string): string => `ssh-ed25519 AAAA${text}`;

async function open(
  answers: Readonly<Record<string, string | undefined>>,
): Promise<{ imports: KeyImports; told: string[]; changes: () => number }> {
  const told: string[] = [];
  let changes = 0;
  const imports = await KeyImports.open({
    path: join(directory, 'keys.json'),
    fetch: async (url) => {
      const text = answers[url];
      if (text === 'down') throw new Error('no answer');
      return text === undefined ? undefined : Buffer.from(text);
    },
    whenOnline: async () => undefined,
    onProblem: (why) => told.push(why),
    signal: new AbortController().signal,
  });
  imports.onChange(() => {
    changes += 1;
  });
  return { imports, told, changes: () => changes };
}

const declared = config('ssh_import_id: [gh:ada, bob]\nssh_authorized_keys: ["ssh-ed25519 AAAAown own"]\n');
const github = 'https://github.com/ada.keys';
const launchpad = 'https://launchpad.net/~bob/+sshkeys';
test('keys are fetched, remembered, and kept when a site does not answer', async () => {
  const first = await open({ [github]: `${key('own')}\n${key('ada')}\n`, [launchpad]: `${key('bob')} bob@home\n` });
  first.imports.follow(declared);
  await first.imports.idle();
  expect(first.told).toEqual([]);
  const keysOf = (imports: KeyImports): readonly string[] | undefined =>
    withImportedKeys(declared, imports.known).users[0]?.sshAuthorizedKeys;
  const expected = [`${key('own')} own`, `${key('ada')} gh:ada`, `${key('bob')} bob`];
  expect([keysOf(first.imports), first.changes()]).toEqual([expected, 2]);
  const second = await open({ [github]: 'down' });
  second.imports.follow(declared);
  await second.imports.idle();
  expect(keysOf(second.imports)).toEqual(expected);
  expect(second.told).toEqual([
    'ssh_import_id: the keys of gh:ada cannot be had: no answer',
    'ssh_import_id: there are no keys of bob',
  ]);
});

test.each([
  ['gh:ada', github],
  ['lp:bob', launchpad],
  ['bob', launchpad],
])('%s is at %s', (id, url) => expect(importUrl(id)).toBe(url));

test('what is no plain key is not taken', () => {
  const text = `# keys\n${key('a')}\r\ncommand="rm" ${key('b')}\nssh-ed25519\n<html>\n${key('c')} a "b"\n`;
  expect(keysIn(text, 'gh:x')).toEqual([`${key('a')} gh:x`, `${key('c')} gh:x`]);
});

test('users have ids of their own, the default user those at the top, too', () => {
  const { users } = config('ssh_import_id: [gh:a]\nusers: [default, {name: ops, ssh_import_id: [lp:b]}]\n');
  expect(users.map(({ name, sshImportIds }) => [name, sshImportIds])).toEqual([
    ['berth', ['gh:a']],
    ['ops', ['lp:b']],
  ]);
});
