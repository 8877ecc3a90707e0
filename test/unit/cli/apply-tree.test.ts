import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(async () => await bench.close());

test('clear-text passwords are hashes in a tree, the same ones when it is applied again', async () => {
  const config = '#cloud-config\nusers: [{name: root, plain_text_passwd: secret, lock_passwd: false}]\n';
  await writeFile(join(bench.directory, 'passwords.yaml'), config);
  const apply = () => bench.run(['apply', '--root', 'made', '--only', 'host', 'passwords.yaml']);
  const shadow = () => readFile(join(bench.directory, 'made/etc/shadow'), 'utf8');
  expect((await apply()).code).toBe(0);
  const before = await shadow();
  expect(before).toMatch(/^root:\$6\$[^:]+:/);
  expect(await apply()).toMatchObject({ code: 0, stdout: 'The tree is as declared.\n' });
  expect(await shadow()).toBe(before);
});

test('a text from standard input has one name', async () => {
  const { code, stdout } = await bench.run(['validate', '-'], { stdin: '#cloud-config\nhostnam: a\n' });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^-:2:1: error: [^]*\n-: 1 error\n$/)]);
});
