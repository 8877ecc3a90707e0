import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgumentName } from '../boot/argument-entry.ts';
import { type BootEntry, versionOf } from '../boot/boot-entry.ts';
import { Turns } from '../core/turns.ts';
import { isMissing, writeDurably } from '../engine/durable-file.ts';
import { isFailure, type OsEvent, osEventKinds } from '../update/os-status.ts';

/** Older events are forgotten, those first that say of no release that it failed: it must not be tried again. */
const keptEvents = 200;

/** Between the two notes of one rollback by an operator: the second one waits for slow disks. */
const samenessMs = 10 * 60_000;

interface Stored {
  /** Of this form; another one is not understood. */
  readonly version: 1;
  /** Oldest first. */
  readonly events: readonly OsEvent[];
  /** Names of the baseline checks that held last. */
  readonly baseline: readonly string[];
}

const nothing: Stored = { version: 1, events: [], baseline: [] };

/** What happened to this host's releases, and what held under the last good one. Outlives releases; a torn file does not. */
export class OsRecords {
  readonly #path: string;
  readonly #rejectedDirectory: string;
  readonly #volumeEvents: string;
  #stored: Stored = nothing;
  readonly #saving = new Turns();

  private constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, 'os.json');
    this.#rejectedDirectory = join(stateDirectory, 'rejected');
    this.#volumeEvents = join(stateDirectory, 'volumes/events');
  }

  /** Reads what was kept, and what was written since without an agent. */
  static async open(stateDirectory: string): Promise<OsRecords> {
    const records = new OsRecords(stateDirectory);
    records.#stored = await readStored(records.#path);
    await records.takeTold();
    return records;
  }

  /** Takes over what the guard and `keep-volumes` wrote: image/os/root/usr/lib/berth. */
  async takeTold(): Promise<void> {
    const names = await readdir(this.#rejectedDirectory).catch(() => []);
    for (const name of names.filter((one) => one.endsWith('.txt')))
      await this.takeRejected(
        name.slice(0, -'.txt'.length),
        await readFile(join(this.#rejectedDirectory, name), 'utf8'),
      );
    await this.#takeNew(toldEvents(await readFile(this.#volumeEvents, 'utf8').catch(() => '')));
  }

  async #takeNew(events: readonly OsEvent[]): Promise<void> {
    for (const event of events) {
      // On a full disk it is known all the same, and taken again at the next start: what was told stays.
      if (!this.#isKnown(event)) await this.add(event).catch(() => undefined);
    }
  }

  #isKnown(told: OsEvent): boolean {
    return this.events.some((event) => isSame(event, told)) || (!isFailure(told) && this.#isForgotten(told));
  }

  /** For being old: in the file that it comes from it stands for good. */
  #isForgotten({ at }: OsEvent): boolean {
    const oldest = this.events.find((event) => !isFailure(event));
    return this.events.length >= keptEvents && oldest !== undefined && Date.parse(at) < Date.parse(oldest.at);
  }

  /** Oldest first. */
  get events(): readonly OsEvent[] {
    return this.#stored.events;
  }

  async load(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(this.#stored.baseline));
  }

  async save(baseline: ReadonlySet<string>): Promise<void> {
    await this.#store({ ...this.#stored, baseline: [...baseline].toSorted() });
  }

  /** Durable when it resolves. */
  async add(event: OsEvent): Promise<void> {
    await this.#store({ ...this.#stored, events: withEvent(this.#stored.events, event) });
  }

  /** Takes over what the guard noted of an entry, `berth_VERSION`: it notes the same in more than one place. */
  async takeRejected(name: string, text: string): Promise<void> {
    await this.#takeNew(rejections(name, text));
  }

  /** A release used up its tries: the boot loader came back by itself, and no guard was there to note it. Once for each time it was staged. */
  async takeUsedUp({ version, tries }: Pick<BootEntry, 'version' | 'tries'>, now: string): Promise<void> {
    const about = this.events.filter((event) => event.version === version);
    const told = about.findLast((event) => event.kind === 'staged' || isFailure(event));
    if (told !== undefined && isFailure(told)) return;
    const cameUp = about.findLast(({ kind }) => kind === 'staged' || kind === 'booted')?.kind === 'booted';
    const how = cameUp ? 'did not prove itself' : 'did not start';
    const last = this.events.at(-1)?.at ?? now;
    // Early in a boot, a host without a clock of its own has an old time.
    const at = Date.parse(last) > Date.parse(now) ? last : now;
    await this.add({ at, kind: 'rejected', version, reason: `it ${how} in ${tries?.done ?? 0} tries` });
  }

  async #store(stored: Stored): Promise<void> {
    this.#stored = stored;
    await this.#saving.take(async () => {
      await mkdir(join(this.#path, '..'), { recursive: true });
      await writeDurably(this.#path, `${JSON.stringify(stored)}\n`);
    });
  }
}

/** What an operator took back is noted on the EFI partition, too, as the guard would: in the same words. */
function isSame(event: OsEvent, told: OsEvent): boolean {
  if (event.version !== told.version) return false;
  if (event.kind === 'rolled-back' && told.kind === 'rejected')
    return event.reason === told.reason && Math.abs(Date.parse(event.at) - Date.parse(told.at)) < samenessMs;
  return event.kind === told.kind && event.at === told.at;
}

function withEvent(events: readonly OsEvent[], event: OsEvent): readonly OsEvent[] {
  if (events.length < keptEvents) return [...events, event];
  const oldest = Math.max(
    0,
    events.findIndex((one) => !isFailure(one)),
  );
  return [...events.toSpliced(oldest, 1), event];
}

/** The guard's lines on an entry, `berth_VERSION` or `berth_VERSION-arguments-DIGEST`, one for each time: `2026-01-02T03:04:05Z why`. What a power cut tore is left out. */
function rejections(name: string, text: string): OsEvent[] {
  const release = parseArgumentName(name)?.release;
  const version = versionOf(release ?? name);
  const kind = release === undefined ? 'rejected' : 'arguments-rejected';
  return text.split('\n').flatMap((line): OsEvent[] => {
    const [, at, reason] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (.+)$/.exec(line.trim()) ?? [];
    return at === undefined || reason === undefined ? [] : [{ at, kind, version, reason }];
  });
}

/** Lines of `keep-volumes` and the guard: `2026-01-02T03:04:05Z volumes-copied 1.0.0 text`. What a power cut tore is left out. */
function toldEvents(text: string): OsEvent[] {
  return text.split('\n').flatMap((line) => {
    const [, at, told, version, reason] =
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\S+) (\S+) (.+)$/.exec(line.trim()) ?? [];
    const kind = osEventKinds.find((one) => one === told);
    if (at === undefined || kind === undefined || version === undefined || reason === undefined) return [];
    return [{ at, kind, version, reason }];
  });
}

async function readStored(path: string): Promise<Stored> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as Stored | { readonly version?: undefined };
    return stored.version === 1 ? stored : nothing;
  } catch (error) {
    // A torn file costs the story, not the host.
    if (isMissing(error) || error instanceof SyntaxError) return nothing;
    throw error;
  }
}
