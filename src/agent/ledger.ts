import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { LedgerQuery } from './agent-service.ts';
import type { LedgerEntry } from './model.ts';
import { concerns } from './why.ts';

export interface LedgerOptions {
  /** A file that has reached this size is followed by a new one. */
  readonly maxFileBytes?: number;
  /** The oldest files are dropped beyond this number. */
  readonly maxFiles?: number;
  /** The longest time a record is in the kernel's hands only. */
  readonly syncDelayMs?: number;
}

const syncFile = promisify(fdatasync);
const fileName = /^ledger-(\d{12})\.jsonl$/;
/** Records kept in memory while the disk refuses them. */
const maxUnwritten = 1000;

/**
 * The record of every step that was carried out: JSON lines in a few files of bounded size, named by the first sequence
 * number they hold. `append` hands the line to the kernel at once (a killed process loses nothing) and many appends
 * share one fsync (a power cut loses less than {@link LedgerOptions.syncDelayMs}). The caller keeps secrets out.
 */
export class Ledger {
  /** What was wrong with the files when they were opened, or is wrong with writing now; for a person. */
  readonly problems: string[] = [];
  readonly #directory: string;
  readonly #maxFileBytes: number;
  readonly #maxFiles: number;
  readonly #syncDelayMs: number;
  /** First sequence numbers of the files, oldest first; the last one is written to. */
  #files: number[];
  #descriptor = -1;
  #size = 0;
  #nextSequence = 1;
  #unwritten: LedgerEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();

  /** Opens or creates the ledger; a torn last line is cut off and reported in {@link problems}. */
  constructor(directory: string, options: LedgerOptions = {}) {
    this.#directory = directory;
    this.#maxFileBytes = options.maxFileBytes ?? 2 ** 20;
    this.#maxFiles = options.maxFiles ?? 4;
    this.#syncDelayMs = options.syncDelayMs ?? 500;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#files = readdirSync(directory)
      .map((name) => Number(fileName.exec(name)?.[1] ?? 0))
      .filter((first) => first > 0)
      .sort((a, b) => a - b);
    this.#recover();
  }

  /** The number the next entry gets. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Numbers and records an entry. Never throws: an entry the disk refuses stays in memory and is tried again. */
  append(entry: Omit<LedgerEntry, 'sequence'>): LedgerEntry {
    const numbered: LedgerEntry = { sequence: this.#nextSequence++, ...entry };
    this.#unwritten.push(numbered);
    this.#writeAll();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#syncDelayMs).unref();
    return numbered;
  }

  /** Resolves when everything appended so far is on the disk (or is known to be refused by it). */
  async flush(): Promise<void> {
    this.#writeAll();
    const descriptor = this.#descriptor;
    if (descriptor < 0) return;
    this.#syncing = this.#syncing.then(async () => {
      // The file may have been followed by a new one, which closes (and syncs) it.
      if (descriptor === this.#descriptor) await syncFile(descriptor).catch((error: unknown) => this.#report(error));
    });
    await this.#syncing;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.flush();
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  /** Entries that match, newest first. */
  async read(query: LedgerQuery): Promise<LedgerEntry[]> {
    const found: LedgerEntry[] = [];
    const take = (entry: LedgerEntry): boolean => {
      const isRecent = query.since === undefined || Date.parse(entry.at) >= query.since;
      if (isRecent && (query.subject === undefined || concerns(entry, query.subject))) found.push(entry);
      return found.length < query.limit;
    };
    if (query.limit <= 0 || !this.#unwritten.toReversed().every(take)) return found;
    for (const first of this.#files.toReversed()) {
      const text = await readFile(this.#path(first), 'utf8').catch(() => '');
      if (!parseLines(text).entries.reverse().every(take)) break;
    }
    return found;
  }

  #path(first: number): string {
    return join(this.#directory, `ledger-${String(first).padStart(12, '0')}.jsonl`);
  }

  #recover(): void {
    const last = this.#files.at(-1);
    if (last === undefined) return;
    const path = this.#path(last);
    const content = readFileSync(path);
    const end = content.lastIndexOf(0x0a) + 1;
    const { entries, damaged } = parseLines(content.subarray(0, end).toString());
    if (end < content.length) {
      truncateSync(path, end);
      this.problems.push(`${path}: the last line was torn and is gone (${content.length - end} bytes)`);
    }
    if (damaged > 0) this.problems.push(`${path}: ${damaged} unreadable line(s) are left out`);
    this.#nextSequence = Math.max(last, (entries.at(-1)?.sequence ?? last - 1) + 1);
    this.#open(last, end);
  }

  #open(first: number, size: number): void {
    this.#descriptor = openSync(this.#path(first), 'a', 0o600);
    this.#size = size;
  }

  #startFile(first: number): void {
    const previous = this.#descriptor;
    this.#open(first, 0);
    this.#files.push(first);
    if (previous >= 0)
      void this.#syncing
        .then(() => syncFile(previous).catch((error: unknown) => this.#report(error)))
        .then(() => closeSync(previous));
    while (this.#files.length > this.#maxFiles) {
      const oldest = this.#files.shift();
      if (oldest !== undefined) rmSync(this.#path(oldest), { force: true });
    }
  }

  #writeAll(): void {
    try {
      for (let entry = this.#unwritten[0]; entry !== undefined; entry = this.#unwritten[0]) {
        if (this.#descriptor < 0 || this.#size >= this.#maxFileBytes) this.#startFile(entry.sequence);
        this.#writeLine(Buffer.from(`${JSON.stringify(entry)}\n`));
        this.#unwritten.shift();
      }
    } catch (error) {
      this.#report(error);
      if (this.#unwritten.length > maxUnwritten) this.#unwritten = this.#unwritten.slice(-maxUnwritten);
    }
  }

  #writeLine(line: Buffer): void {
    const written = writeSync(this.#descriptor, line);
    if (written < line.length) {
      // A full disk takes a part of the line: take that back, so that no line is torn.
      ftruncateSync(this.#descriptor, this.#size);
      throw new Error('no space for a whole line');
    }
    this.#size += line.length;
  }

  #report(error: unknown): void {
    const problem = `${this.#directory}: the ledger cannot be written: ${messageOf(error)}`;
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }
}

function parseLines(text: string): { entries: LedgerEntry[]; damaged: number } {
  const entries: LedgerEntry[] = [];
  let damaged = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const entry = parseEntry(line);
    if (entry === undefined) damaged += 1;
    else entries.push(entry);
  }
  return { entries, damaged };
}

function parseEntry(line: string): LedgerEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isEntry =
      typeof value === 'object' &&
      value !== null &&
      'sequence' in value &&
      'reason' in value &&
      typeof value.sequence === 'number';
    return isEntry ? (value as LedgerEntry) : undefined;
  } catch {
    return undefined;
  }
}
