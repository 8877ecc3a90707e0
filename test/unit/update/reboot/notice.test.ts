import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loginTerminals, type ProcessFacts, parseStat } from '../../../../src/update/reboot/login-terminals.ts';
import { notifyUsers } from '../../../../src/update/reboot/notice.ts';

/** What Linux writes: proc_pid_stat(5). */
const stat = (pid: number, name: string, parent: number, session: number, terminal: number): string =>
  `${pid} (${name}) S ${parent} ${session} ${session} ${terminal} ${pid} 4194560 1 0 0 0`;
const pts = (number: number): number => (136 << 8) | (number & 0xff) | ((number & 0xf_ff00) << 12);

test.each<[string, string, ProcessFacts | undefined]>([
  ['a shell', stat(12, 'bash', 7, 12, pts(3)), { pid: 12, name: 'bash', parent: 7, session: 12, terminal: pts(3) }],
  [
    'a name with blanks and brackets',
    stat(12, 'a) S (b', 7, 12, 0),
    { pid: 12, name: 'a) S (b', parent: 7, session: 12, terminal: 0 },
  ],
  ['nothing', '', undefined],
  ['something else', 'what is this', undefined],
])('stat of %s', (_what, text, expected) => {
  expect(parseStat(text)).toEqual(expected);
});

const one = (pid: number, name: string, parent: number, session: number, terminal: number): ProcessFacts => ({
  ...{ pid, name, parent, session, terminal },
});

test('those who came in through SSH are at their terminals; other programs have terminals of their own', () => {
  const processes = [
    one(1, 'init', 0, 1, 0),
    one(7, 'sshd-session', 1, 7, 0),
    one(8, 'bash', 7, 8, pts(3)),
    one(9, 'vi', 8, 8, pts(3)),
    one(20, 'sshd', 1, 20, 0),
    one(21, 'sh', 20, 21, pts(300)),
    // A container with `tty: true`, a console, and a command without a terminal.
    one(30, 'containerd-shim', 1, 30, 0),
    one(31, 'web', 30, 31, pts(0)),
    one(40, 'sulogin', 1, 40, (5 << 8) | 1),
    one(50, 'sshd', 20, 20, 0),
    one(51, 'rsync', 50, 51, 0),
  ];
  expect(loginTerminals(processes)).toEqual([
    { pid: 8, device: pts(3), number: 3 },
    { pid: 21, device: pts(300), number: 300 },
  ]);
});

let proc: string;
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'berth-proc-'));
});
afterEach(async () => rm(proc, { recursive: true }));

/** A container in which somebody is logged in. @returns its terminals' directory. */
async function logIn(): Promise<string> {
  const terminals = join(proc, '8/root/dev/pts');
  await mkdir(terminals, { recursive: true });
  await mkdir(join(proc, '7'));
  await writeFile(join(proc, '7/stat'), stat(7, 'sshd', 1, 7, 0));
  await writeFile(join(proc, '8/stat'), stat(8, 'bash', 7, 8, pts(3)));
  await mkdir(join(proc, 'sys'));
  return terminals;
}

test('the console hears of it, in one line, when nobody is logged in', async () => {
  const said: string[] = [];
  expect(await notifyUsers((line) => said.push(line), proc)('soon\r\n\u001b[2J')).toBe(0);
  expect(said).toEqual(['soon   [2J']);
});

test('what a container put in the place of its terminal is not written to', async () => {
  const terminals = await logIn();
  await writeFile(join(terminals, '3'), 'mine');
  expect(await notifyUsers(() => undefined, proc)('soon')).toBe(0);
  expect(await readFile(join(terminals, '3'), 'utf8')).toBe('mine');
});

test('nor what it leads to: another device', async () => {
  const terminals = await logIn();
  await rm(terminals, { recursive: true });
  await mkdir(join(proc, 'elsewhere'));
  await symlink('/dev/null', join(proc, 'elsewhere/3'));
  await symlink(join(proc, 'elsewhere'), terminals);
  expect(await notifyUsers(() => undefined, proc)('soon')).toBe(0);
});

test('a terminal that is gone is nobody', async () => {
  await logIn();
  expect(await notifyUsers(() => undefined, proc)('soon')).toBe(0);
});
