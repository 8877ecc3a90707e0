import { constants } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoginTerminal, loginTerminals, parseStat } from './login-terminals.ts';

/** Tells those who are logged in. @returns how many. */
export type Notify = (text: string) => Promise<number>;

/** Says it on the console, and on the terminal of everybody who is logged in over SSH, in whichever container. */
export function notifyUsers(say: (line: string) => void, procDirectory = '/proc'): Notify {
  return async (notice) => {
    // Parts of it come from elsewhere, and a terminal does what control characters say.
    const text = notice.replace(/\p{Cc}/gu, ' ');
    say(text);
    const terminals = await findTerminals(procDirectory);
    const told = await Promise.all(terminals.map(async (one) => writeTo(one, procDirectory, text)));
    return told.filter((isTold) => isTold).length;
  };
}

async function findTerminals(procDirectory: string): Promise<LoginTerminal[]> {
  const pids = (await readdir(procDirectory)).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(
    // A process may end meanwhile.
    pids.map(async (pid) => readFile(join(procDirectory, pid, 'stat'), 'utf8').catch(() => '')),
  );
  return loginTerminals(stats.map(parseStat).filter((one) => one !== undefined));
}

/** Never waits for a terminal, and never fails: somebody may log out, or stop the output. */
async function writeTo({ pid, number, device }: LoginTerminal, procDirectory: string, text: string): Promise<boolean> {
  const { O_WRONLY, O_NOCTTY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const path = join(procDirectory, String(pid), 'root/dev/pts', String(number));
  const file = await open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const found = await file.stat();
    // A container may have put something else there, or a way out of it.
    if (!found.isCharacterDevice() || found.rdev !== device) return false;
    await file.write(`\r\n\u0007berth: ${text}\r\n`);
    return true;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
