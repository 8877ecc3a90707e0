import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { BerthError } from '../core/errors.ts';
import { compareVersions } from '../core/release-version.ts';
import { parseArgumentName } from './argument-entry.ts';
import { argumentsOfOthers, blessArguments, listArguments } from './argument-files.ts';
import { type BootEntry, blessedFile, countedFile, isOurs, parseBootEntry, versionOf } from './boot-entry.ts';
import type { BootLoader, KernelImage } from './boot-loader.ts';
import { bootOrder } from './entry-order.ts';
import type { Esp } from './esp.ts';
import { type EspAccess, espRefusal } from './esp-mount.ts';
import { beginsWith, takeAway } from './sight.ts';
import { startedEntry } from './started-entry.ts';

/** Where systemd-boot looks for unified kernel images: UAPI.1, Boot Loader Specification, type 2. */
const entryDirectory = 'EFI/Linux';
/** Where reasons are: image/os/root/usr/lib/berth/guard. */
const rejectedDirectory = 'EFI/rejected';
const mostReasonBytes = 4096;
/** How a program for EFI begins; without it, systemd-boot passes a file over: PE format, "MS-DOS stub". */
const magic = Buffer.from('MZ');
const noMagic = Buffer.alloc(magic.length);
/** What stays free on the partition: a rename needs a new cluster when its directory is full. */
const spareBytes = 2 ** 20;

/**
 * The entries on the EFI system partition. A file becomes an entry, and stops being one, by its first two bytes: that is one
 * write of one sector, which a power cut cannot tear, whereas a rename is several.
 */
export class SystemdBoot implements BootLoader {
  readonly #esp: EspAccess;

  constructor(esp: EspAccess) {
    this.#esp = esp;
  }

  async running(): Promise<Pick<BootEntry, 'name' | 'version'> | undefined> {
    const started = await startedEntry();
    return started?.kind === 'arguments'
      ? { name: started.entry.release, version: versionOf(started.entry.release) }
      : started?.entry;
  }

  async onTrial(): Promise<string | undefined> {
    const started = await startedEntry();
    if (started === undefined) return undefined;
    const { name } = started.entry;
    const counted = await this.#use('ro', async (esp) =>
      started.kind === 'arguments' ? listArguments(esp) : listEntries(esp, 'passed-over'),
    );
    return counted.find((entry) => entry.name === name)?.tries === undefined ? undefined : name;
  }

  async entries(): Promise<readonly BootEntry[]> {
    return this.#use('ro', async (esp) => listEntries(esp, 'passed-over'));
  }

  async bless(name: string): Promise<void> {
    await this.#use('rw', async (esp) => {
      const entry = await find(esp, parseArgumentName(name)?.release ?? name);
      const bless = async (): Promise<void> => esp.rename(pathOf(entry.file), pathOf(blessedFile(entry)));
      const isCounted = entry.tries !== undefined;
      if (parseArgumentName(name) !== undefined) await blessArguments(esp, name, isCounted ? bless : undefined);
      else if (isCounted) await bless();
    });
  }

  /** What the guard noted of entries that it took away: their names without counter and ending, and its text. */
  async rejections(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    return this.#use('ro', async (esp) => {
      const files = (await esp.list(rejectedDirectory)).filter((file) => file.endsWith('.txt'));
      return Promise.all(
        files.map(async (file) => ({
          name: file.slice(0, -'.txt'.length),
          text: Buffer.from(await esp.head(`${rejectedDirectory}/${file}`, mostReasonBytes)).toString(),
        })),
      );
    });
  }

  async reject(name: string, reason: string): Promise<void> {
    await this.#use('rw', async (esp) => {
      const entry = await find(esp, name);
      const others = (await listEntries(esp)).filter((other) => other.name !== name && other.tries?.left !== 0);
      const [staged] = others;
      if (staged !== undefined && !others.some((other) => wasBefore(other, entry)))
        throw new BerthError(
          'CONFIG_INVALID',
          `${staged.version} is staged in the place of the release before: there is none to go back to`,
          { hint: 'berth os cancel drops it, berth os update restarts into it' },
        );
      if (others.length === 0)
        throw new BerthError('CONFIG_INVALID', `beside ${entry.file} there is nothing that the boot loader would try`, {
          hint: 'berth os status shows what there is; an update brings another release',
        });
      await esp.write(`${rejectedDirectory}/${name}.txt`, [Buffer.from(`${reason}\n`)]);
      // A torn rename may have left it two names.
      const files = (await esp.list(entryDirectory)).filter((file) => parseBootEntry(file)?.name === entry.name);
      await takeAway(esp, files.map(pathOf));
    });
  }

  async room(keep: string): Promise<number> {
    // Mounted to be written, it is repaired: what a power cut left may hold space that no file has.
    return this.#use('rw', async (esp) => {
      let bytes = (await esp.freeBytes()) - spareBytes;
      for (const file of await ownFiles(esp, keep)) bytes += await esp.sizeOf(pathOf(file));
      return bytes;
    });
  }

  async copy(name: string, to: string): Promise<void> {
    await this.#use('ro', async (esp) => {
      const { file } = await find(esp, name, 'passed-over');
      await writeFile(to, esp.read(pathOf(file)));
    });
  }

  async clear(keep: string): Promise<readonly string[]> {
    // A partition that has nothing to be cleared is not written.
    const isClear = await this.#use(
      'ro',
      async (esp) =>
        (await ownFiles(esp, keep, 'passed-over')).length + (await argumentsOfOthers(esp, keep)).length === 0,
    );
    if (isClear) return [];
    return this.#use('rw', async (esp) => {
      // A repair may have taken it away: then what else there is must stay.
      await find(esp, keep);
      // Should a release of the same name come again, it may be another one.
      await takeAway(esp, await argumentsOfOthers(esp, keep));
      const files = await ownFiles(esp, keep);
      await takeAway(esp, files.map(pathOf));
      return files;
    });
  }

  async stage(name: string, tries: number, image: KernelImage): Promise<void> {
    const path = pathOf(countedFile(name, tries));
    await this.#use('rw', async (esp) => {
      const free = await esp.freeBytes();
      if (free < image.bytes + spareBytes)
        throw new BerthError(
          'DISK_FULL',
          `the EFI system partition has ${free} bytes left, ${image.bytes} are needed`,
          {
            hint: 'files that are not Berth’s may be removed from it',
          },
        );
      try {
        await esp.write(path, withoutMagic(image));
      } catch (error) {
        // What is left of it cannot be booted; the next attempt clears it.
        await esp.remove(path).catch(() => undefined);
        throw error;
      }
    });
    // Mounted anew: what is read now comes from the disk.
    await this.#use('ro', async (esp) => {
      const digest = createHash('sha256');
      let isFirst = true;
      for await (const part of esp.read(path)) {
        digest.update(isFirst ? Buffer.concat([magic, part.subarray(magic.length)]) : part);
        isFirst = false;
      }
      if (digest.digest('hex') !== image.sha256)
        throw new BerthError('HOST_REFUSED', `the EFI system partition does not give back what was written to ${path}`);
    });
  }

  async activate(name: string, tries: number): Promise<void> {
    await this.#use('rw', async (esp) => {
      const path = pathOf(countedFile(name, tries));
      if (!(await esp.list(entryDirectory)).includes(countedFile(name, tries)))
        throw new BerthError('NOT_FOUND', `${path} is not on the EFI system partition`);
      await esp.patch(path, magic);
    });
  }

  async #use<Result>(mode: 'ro' | 'rw', work: (esp: Esp) => Promise<Result>): Promise<Result> {
    try {
      return await this.#esp.use(mode, work);
    } catch (error) {
      throw espRefusal(error);
    }
  }
}

/** The image with nothing where its magic was; fails when it is not the one that was announced. */
async function* withoutMagic({ content, bytes, sha256 }: KernelImage): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  let length = 0;
  for await (const part of content) {
    digest.update(part);
    // A part may be shorter than the magic.
    const own = Math.max(0, magic.length - length);
    length += part.length;
    if (length > bytes) break;
    yield own === 0 ? part : Buffer.concat([noMagic.subarray(0, Math.min(own, part.length)), part.subarray(own)]);
  }
  if (length !== bytes || digest.digest('hex') !== sha256)
    throw new BerthError('RELEASE_REFUSED', 'the kernel image is not the one that the release names');
}

/**
 * What becomes of a file that cannot be read. The boot loader passes it over: a power cut may have left it, until a repair. Who
 * changes something wants to know.
 */
type Unreadable = 'passed-over' | 'fails';

async function listEntries(esp: Esp, unreadable: Unreadable = 'fails'): Promise<readonly BootEntry[]> {
  const entries: BootEntry[] = [];
  for (const file of await esp.list(entryDirectory)) {
    const entry = parseBootEntry(file);
    if (entry === undefined) continue;
    const shown = isShown(esp, file);
    if (await (unreadable === 'fails' ? shown : shown.catch(() => false))) entries.push(entry);
  }
  return bootOrder(entries);
}

/** Whether it may have run before an entry. A newer one that has not proved itself is what an update staged. */
function wasBefore(other: BootEntry, entry: BootEntry): boolean {
  return other.tries === undefined || compareVersions(other.version, entry.version) <= 0;
}

async function isShown(esp: Esp, file: string): Promise<boolean> {
  return beginsWith(esp, pathOf(file), magic);
}

/** Berth's files in the directory of entries, whole or half written, but one entry; of its name there may be files that are none. */
async function ownFiles(esp: Esp, keep: string, unreadable?: Unreadable): Promise<readonly string[]> {
  const kept = new Set(
    (await listEntries(esp, unreadable)).filter(({ name }) => name === keep).map(({ file }) => file),
  );
  return (await esp.list(entryDirectory)).filter((file) => isOurs(file) && !kept.has(file));
}

async function find(esp: Esp, name: string, unreadable?: Unreadable): Promise<BootEntry> {
  const entry = (await listEntries(esp, unreadable)).find((one) => one.name === name);
  if (entry === undefined) throw new BerthError('NOT_FOUND', `the boot loader has no ${name}`);
  return entry;
}

function pathOf(file: string): string {
  return `${entryDirectory}/${file}`;
}
