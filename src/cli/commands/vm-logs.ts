import { open } from 'node:fs/promises';
import { plainLines } from '../../../image/vm/serial-text.ts';
import type { Command } from '../context.ts';
import { defaultVmName, openVm } from '../vm-host.ts';

const pollMs = 250;

/** `berth vm logs NAME`: what the serial console showed since the VM was started; `-f` until the VM ends. */
export const run: Command = async (cli, [name = defaultVmName]) => {
  const { context, flags } = cli;
  const { vm } = await openVm(context, name);
  const print = (line: string): void =>
    void context.stdout.write(`${flags.json === true ? JSON.stringify({ text: line }) : line}\n`);
  const text = await vm.serial();
  const lines = plainLines(text);
  // What follows the last line feed is an unfinished line: it is shown when it is finished, or nothing more comes.
  let rest = lines.pop() ?? '';
  for (const line of flags.lines === undefined ? lines : lines.slice(-flags.lines || lines.length)) print(line);
  let offset = Buffer.byteLength(text);
  while (flags.follow === true && !context.signal.aborted) {
    const isRunning = (await vm.process()) !== undefined;
    const chunk = await readFrom(vm.files.serialLog, offset);
    offset = chunk.end;
    const more = plainLines(rest + chunk.text);
    rest = more.pop() ?? '';
    for (const line of more) print(line);
    if (!isRunning) break;
    await context.clock.sleep(pollMs, context.signal).catch(() => undefined);
  }
  if (rest !== '') print(rest);
  return 0;
};

/** What was added to a file; a file that began anew is read from its beginning. */
async function readFrom(path: string, offset: number): Promise<{ readonly text: string; readonly end: number }> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return { text: '', end: 0 };
  try {
    const { size } = await file.stat();
    const from = size < offset ? 0 : offset;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return { text: buffer.subarray(0, bytesRead).toString(), end: from + bytesRead };
  } finally {
    await file.close();
  }
}
