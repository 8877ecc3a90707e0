import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendPeSections } from '../../../image/os/pe.ts';
import { argumentEntryName, parseArgumentEntry, readArgumentText } from '../../../src/boot/argument-entry.ts';
import { blessArguments, listArguments } from '../../../src/boot/argument-files.ts';
import { EntryArguments, type EntryArgumentsDependencies, failureOf } from '../../../src/boot/kernel-arguments.ts';
import { parseStarted } from '../../../src/boot/started-entry.ts';
import { SystemdBoot } from '../../../src/boot/systemd-boot.ts';
import { crashStates } from '../../support/crash/crash-states.ts';
import { contentOf, filesOf } from '../../support/crash/fat-cells.ts';
import { type Cells, Medium } from '../../support/crash/medium.ts';
import { MemoryEsp } from '../../support/crash/memory-esp.ts';

const release = 'berth_1.0';
const own = 'berth.usr=ab:1 panic=10';
const entries = 'loader/entries';
const rejected = 'EFI/rejected';

/** A kernel image that has its command line where UKIs have it, and nothing else. */
function kernelImage(): Buffer {
  const stub = Buffer.alloc(0x200);
  stub.write('MZ', 0, 'latin1');
  stub.writeUInt32LE(0x40, 0x3c);
  stub.write('PE\0\0', 0x40, 'latin1');
  stub.writeUInt16LE(0x70, 0x54);
  stub.writeUInt32LE(0x1000, 0x58 + 32);
  stub.writeUInt32LE(0x200, 0x58 + 36);
  stub.writeUInt32LE(0x200, 0x58 + 60);
  return appendPeSections(stub, [{ name: '.cmdline', data: Buffer.from(`${own}\0`) }]);
}

let directory: string;
let marker: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-arguments-'));
  marker = join(directory, 'staged');
});
afterEach(async () => rm(directory, { recursive: true }));

/** A host on a partition in memory, and a boot loader that starts what systemd-boot would. */
class Host {
  readonly medium: Medium;
  readonly esp: MemoryEsp;
  /** What this boot came from, as the boot loader says it. */
  path = `\\EFI\\Linux\\${release}.efi`;
  told = 0;

  constructor(cells?: Cells) {
    this.medium = new Medium(cells);
    this.esp = new MemoryEsp(this.medium, 400);
  }

  async install(file = `${release}.efi`): Promise<this> {
    await this.esp.use('rw', async (esp) => esp.write(`EFI/Linux/${file}`, [kernelImage()]));
    return this;
  }

  arguments(change: Partial<EntryArgumentsDependencies> = {}): EntryArguments {
    return new EntryArguments({
      ...{ esp: this.esp, marker, clock: { now: () => 7, sleep: async () => undefined } },
      onStaged: () => {
        this.told += 1;
      },
      started: async () => parseStarted(this.path),
      isSecureBoot: async () => false,
      commandLine: async () => `${own} ${startedText(this)}\n`,
      ...change,
    });
  }

  /** Restarts: the boot loader counts the try, by a new name. */
  async boot(): Promise<string> {
    const next = await this.esp.use('ro', async (esp) =>
      (await listArguments(esp)).find(({ tries }) => tries?.left !== 0),
    );
    await rm(marker, { force: true });
    if (next === undefined) {
      this.path = `\\EFI\\Linux\\${release}.efi`;
      return '';
    }
    const { left = 0, done = 0 } = next.tries ?? {};
    const file = next.tries === undefined ? next.file : `${next.name}+${left - 1}-${done + 1}.conf`;
    if (file !== next.file)
      await this.esp.use('rw', async (esp) => esp.rename(`${entries}/${next.file}`, `${entries}/${file}`));
    this.path = `\\loader\\entries\\${file}`;
    return next.text.arguments;
  }

  async bless(): Promise<void> {
    const name = parseStarted(this.path)?.entry.name ?? '';
    const image = filesOf(this.medium.cells, 'EFI/Linux').find((file) => file.name.startsWith(`${release}+`));
    await this.esp.use('rw', async (esp) =>
      blessArguments(
        esp,
        name,
        image === undefined ? undefined : () => esp.rename(`EFI/Linux/${image.name}`, `EFI/Linux/${release}.efi`),
      ),
    );
  }

  /** As the guard does. */
  async reject(reason: string): Promise<void> {
    const file = this.path.slice(this.path.lastIndexOf('\\') + 1);
    await this.esp.use('rw', async (esp) => {
      await esp.write(`${rejected}/${parseArgumentEntry(file)?.name}.txt`, [
        Buffer.from(`2026-05-01T00:00:00Z ${reason}\n`),
      ]);
      await esp.remove(`${entries}/${file}`);
    });
  }

  get files(): string[] {
    return filesOf(this.medium.cells, entries).map(({ name }) => name);
  }
}

function startedText({ medium, path }: Host): string {
  const name = parseStarted(path)?.entry.name ?? '';
  const file = filesOf(medium.cells, entries).find((one) => parseArgumentEntry(one.name)?.name === name);
  return file === undefined ? '' : readArgumentText(contentOf(medium.cells, file).toString()).arguments;
}

async function look(host: Host) {
  const state = await host.arguments().look();
  if (state.kind !== 'open') throw new Error(state.why);
  return state;
}

describe('kernel arguments', () => {
  test('are tried at the next boot, and stay once they are blessed; so does their end', async () => {
    const host = await new Host().install();
    const kernelArguments = host.arguments();
    expect(await look(host)).toMatchObject({ own, current: '', next: '', isReleaseOnTrial: false });
    expect(await kernelArguments.isUsed()).toBe(false);
    await kernelArguments.stage('quiet a="b c"');
    expect([kernelArguments.stagedAtMs, host.told]).toEqual([7, 1]);
    expect(await look(host)).toMatchObject({ current: '', next: 'quiet a="b c"' });
    expect(host.files).toEqual([`${argumentEntryName(release, 'quiet a="b c"')}+3.conf`]);
    // The agent is started anew in the same boot.
    expect((await host.arguments().open()).stagedAtMs).toBe(7);

    expect(await host.boot()).toBe('quiet a="b c"');
    expect((await host.arguments().open()).stagedAtMs).toBeUndefined();
    await host.bless();
    expect(host.files).toEqual([`${argumentEntryName(release, 'quiet a="b c"')}.conf`]);
    expect(await look(host)).toMatchObject({ current: 'quiet a="b c"', next: 'quiet a="b c"' });

    await host.arguments().stage('');
    expect(await host.boot()).toBe('');
    expect(host.files).toHaveLength(2);
    await host.bless();
    expect(host.files).toEqual([]);
    expect(await look(host)).toMatchObject({ current: '', next: '' });
  });

  test('that do not come up in their tries leave those of before', async () => {
    const host = await new Host().install();
    await host.arguments().stage('good=1');
    await host.boot();
    await host.bless();
    await host.arguments().stage('bad=1');
    expect([await host.boot(), await host.boot(), await host.boot()]).toEqual(['bad=1', 'bad=1', 'bad=1']);
    // Its last try may yet go well.
    expect(await look(host)).toMatchObject({ current: 'bad=1', next: 'bad=1', failed: new Map() });
    expect(await host.boot()).toBe('good=1');
    const state = await look(host);
    expect(state).toMatchObject({ current: 'good=1', next: 'good=1' });
    expect(failureOf(state, 'bad=1')).toBe('the host did not come up in 3 tries');
  });

  test('that the guard took back are known, until others are declared', async () => {
    const host = await new Host().install();
    await host.arguments().stage('sick=1');
    await host.boot();
    await host.reject('it was not healthy');
    expect(await host.boot()).toBe('');
    expect(failureOf(await look(host), 'sick=1')).toBe('it was not healthy');
    await host.arguments().stage('');
    expect((await look(host)).failed.size).toBe(0);
  });

  test('that wait give way to others, and to none', async () => {
    const host = await new Host().install();
    const kernelArguments = host.arguments();
    await kernelArguments.stage('one=1');
    await kernelArguments.stage('two=2');
    expect(host.files).toEqual([`${argumentEntryName(release, 'two=2')}+3.conf`]);
    await kernelArguments.stage('');
    expect([host.files, kernelArguments.stagedAtMs]).toEqual([[], undefined]);
  });

  test('are not written for a release on trial, whose name will change', async () => {
    const host = await new Host().install(`${release}+2-1.efi`);
    expect(await look(host)).toMatchObject({ isReleaseOnTrial: true });
    await expect(host.arguments().stage('one=1')).rejects.toMatchObject({ code: 'BUSY' });
    expect(host.files).toEqual([]);
  });

  test('cannot be had without the boot loader, or with Secure Boot', async () => {
    const host = await new Host().install();
    expect(await host.arguments({ started: async () => undefined }).look()).toMatchObject({ kind: 'fixed' });
    expect(await host.arguments({ isSecureBoot: async () => true }).look()).toMatchObject({
      kind: 'fixed',
      why: expect.stringContaining('Secure Boot'),
    });
  });

  test('are carried to a release that is tried, and blessed with it', async () => {
    const host = await onTrialWith('one=1');
    const name = argumentEntryName(release, 'one=1');
    expect(host.files).toContain(`${name}+3.conf`);
    expect(await look(host)).toMatchObject({ own, current: 'one=1', next: 'one=1', isReleaseOnTrial: true });
    await host.bless();
    expect(filesOf(host.medium.cells, 'EFI/Linux').map((file) => file.name)).toContain(`${release}.efi`);
    expect(host.files.filter((file) => file.startsWith(release))).toEqual([`${name}.conf`]);
    expect(await look(host)).toMatchObject({ current: 'one=1', next: 'one=1', isReleaseOnTrial: false });
  });

  test('go with their release', async () => {
    const host = await new Host().install();
    await host.arguments().stage('one=1');
    await host.install('berth_1.1.efi');
    await new SystemdBoot(host.esp).clear('berth_1.1');
    expect(host.files).toEqual([]);
  });
});

/** A host that ran an older release with arguments and tries this one. */
async function onTrialWith(text: string): Promise<Host> {
  const host = await new Host().install('berth_0.9.efi');
  host.path = '\\EFI\\Linux\\berth_0.9.efi';
  await host.arguments().stage(text);
  await host.boot();
  await host.bless();
  await host.install(`${release}+3.efi`);
  await host.arguments().carry(release);
  host.path = `\\loader\\entries\\${argumentEntryName(release, text)}+3.conf`;
  return host;
}

/** What the boot loader would start: whole texts of the kernel image that is there, or the release as it is. */
function nextBoot(cells: Cells): string {
  const images = filesOf(cells, 'EFI/Linux').map(({ name }) => name);
  const shown = filesOf(cells, entries).flatMap((file) => {
    const entry = parseArgumentEntry(file.name);
    const content = contentOf(cells, file).subarray(0, file.size).toString();
    if (entry === undefined || entry.tries?.left === 0 || !content.startsWith('ef')) return [];
    const { image, own: text, arguments: more, number } = readArgumentText(content);
    if (!images.includes(image)) return [];
    const isWhole = text === own && content.endsWith('\n');
    return [{ number, text: isWhole ? more : `torn: ${content}` }];
  });
  return shown.toSorted((one, other) => other.number - one.number)[0]?.text ?? '';
}

test.each([
  {
    what: 'new ones are staged',
    before: 'old=1',
    story: async (host: Host) => host.arguments().stage('new=1'),
    may: ['old=1', 'new=1'],
  },
  {
    what: 'they are blessed',
    before: 'old=1',
    trial: 'new=1',
    story: async (host: Host) => host.bless(),
    // The name itself may be lost: then those of before are there.
    may: ['old=1', 'new=1', ''],
  },
  { what: 'their end is blessed', before: 'old=1', trial: '', story: async (host: Host) => host.bless(), may: [''] },
])('a power cut at any time, when $what, leaves a host that boots, and another attempt brings it there', async ({
  before,
  trial,
  story,
  may,
}) => {
  const host = await new Host().install();
  await host.arguments().stage(before);
  await host.boot();
  await host.bless();
  if (trial !== undefined) {
    await host.arguments().stage(trial);
    await host.boot();
  }
  const initial = new Map(host.medium.cells);
  const from = host.medium.log.length;
  await story(host);
  let count = 0;
  for (const { cells, how } of crashStates(initial, host.medium.log.slice(from))) {
    count += 1;
    const next = nextBoot(cells);
    if (!may.includes(next)) throw new Error(`${how}: it boots "${next}"`);
    const again = new Host(new Map(cells));
    await again.boot();
    await again.arguments().stage('new=1');
    if (nextBoot(again.medium.cells) !== 'new=1') throw new Error(`${how}: it does not get there`);
  }
  expect(count).toBeGreaterThan(10);
});

test('a power cut at any time, when a release is blessed with them, leaves whole entries, with them or without', async () => {
  const host = await onTrialWith('one=1');
  const initial = new Map(host.medium.cells);
  const from = host.medium.log.length;
  await host.bless();
  const seen = new Set<string>();
  for (const { cells } of crashStates(initial, host.medium.log.slice(from))) {
    const next = nextBoot(cells);
    seen.add(next);
    if (next === 'one=1') continue;
    // A name may be lost: then there is the release before, with them.
    expect(filesOf(cells, 'EFI/Linux').map((file) => file.name)).toContain('berth_0.9.efi');
  }
  expect([...seen].filter((text) => text !== 'one=1' && text !== '')).toEqual([]);
});
