import { type FileHandle, open } from 'node:fs/promises';
import { runCommand } from '../command.ts';
import { type CutOutcome, cutPower, type PowerCut } from './power-cut.ts';
import {
  firstEntryOffset,
  type LoggedWrite,
  logRecordBytes,
  parseLoggedWrite,
  parseWriteLogHead,
} from './write-log.ts';

/**
 * Reads a log of writes, without the data. An entry that was being written when QEMU ended is left out.
 * Throws STORE_CORRUPT when the file is no such log.
 */
export async function readWriteLog(file: string): Promise<LoggedWrite[]> {
  const log = await open(file, 'r');
  try {
    const { size } = await log.stat();
    const head = parseWriteLogHead(await readBytes(log, 0, logRecordBytes));
    const writes: LoggedWrite[] = [];
    let offset = firstEntryOffset(head);
    while (offset + head.sectorBytes <= size) {
      const write = parseLoggedWrite(await readBytes(log, offset, logRecordBytes), offset, head);
      if (write.endOffset > size) break;
      writes.push(write);
      offset = write.endOffset;
    }
    return writes;
  } finally {
    await log.close();
  }
}

/** What to make a disk from as it is after a power cut. */
export interface ReplayRequest {
  /** The disk as it was when the recording began: raw, or an image over it. */
  readonly base: string;
  readonly baseFormat: 'raw' | 'qcow2';
  readonly sizeBytes: number;
  readonly logFile: string;
  readonly log: readonly LoggedWrite[];
  readonly cut: PowerCut;
  /** The raw image that is made. */
  readonly target: string;
}

/** Makes the disk that a power cut leaves behind. @returns what was kept and lost. Throws UNSUPPORTED when qemu-img fails. */
export async function replayPowerCut(request: ReplayRequest): Promise<CutOutcome> {
  const { base, baseFormat, sizeBytes, logFile, log, cut, target } = request;
  await runCommand('qemu-img', ['convert', '-f', baseFormat, '-O', 'raw', base, target]);
  const outcome = cutPower(log, cut);
  const source = await open(logFile, 'r');
  const disk = await open(target, 'r+');
  try {
    await disk.truncate(sizeBytes);
    for (const write of outcome.kept) await apply(write, source, disk);
    await disk.sync();
  } finally {
    await source.close();
    await disk.close();
  }
  return outcome;
}

const zeros = Buffer.alloc(2 ** 20);

async function apply({ kind, offset, length, dataOffset }: LoggedWrite, source: FileHandle, disk: FileHandle) {
  if (kind === 'write') {
    await disk.write(await readBytes(source, dataOffset, length), 0, length, offset);
    return;
  }
  // Discarded blocks read as zeros in QEMU's images; what reads so already stays a hole, or a new file system would fill the disk.
  for (let done = 0; done < length; done += zeros.length) {
    const size = Math.min(zeros.length, length - done);
    const present = await readBytes(disk, offset + done, size);
    if (!present.equals(zeros.subarray(0, present.length))) await disk.write(zeros, 0, size, offset + done);
  }
}

async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
