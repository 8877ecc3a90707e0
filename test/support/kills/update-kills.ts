import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryName } from '../../../src/boot/boot-entry.ts';
import type { UpdateTarget } from '../../../src/update/machine/update-state.ts';
import { blobName, type ReleaseManifest } from '../../../src/update/release-manifest.ts';
import { makeArtifacts } from '../../../src/update/transfer/make-artifacts.ts';
import { verifySlot } from '../../../src/update/transfer/verify-slot.ts';
import { blockBytes } from '../../../src/update/transfer/verity.ts';
import { never, noise, slotOf } from '../../unit/update/transfer/support/slots.ts';
import { type EspFile, shownEntries } from '../crash/boot-model.ts';
import { seededRandom } from '../random.ts';

/** What the process that updates is told. */
export interface KillSetting {
  readonly running: {
    readonly name: string;
    readonly version: string;
    readonly rootHash: string;
    readonly dataBlocks: number;
  };
  readonly next: { readonly target: UpdateTarget; readonly manifest: ReleaseManifest };
  readonly slotBytes: number;
}

/** How an update that was killed ended. */
export interface Killed {
  /** What it had done by then. */
  readonly after: string;
  /** What boots then, and what is wrong with it. */
  readonly boots: string;
  readonly wrong: readonly string[];
}

const ukiBytes = 2 ** 21;
/** Of a hundred blocks, so many are new. */
const newShare = 5;
/** A seed of `noise` is one byte. */
const seeds = { data: 1, news: 2, oldUki: 3, newUki: 4, before: 5 } as const;
const child = join(import.meta.dirname, 'update-child.ts');

/** A host of files, whose update is killed again and again. */
export class UpdateKills {
  readonly directory: string;
  readonly #setting: KillSetting;
  readonly #ukis: readonly Buffer[];
  readonly #random: () => number;
  #durationMs = 0;
  #operations = 0;

  private constructor(directory: string, setting: KillSetting, ukis: readonly Buffer[], seed: number) {
    this.directory = directory;
    this.#setting = setting;
    this.#ukis = ukis;
    this.#random = seededRandom(seed);
  }

  /** Makes two releases of so many bytes, and sees how long an update takes that nobody kills. */
  static async make(bytes: number, seed: number): Promise<UpdateKills> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-kills-'));
    const dataBlocks = Math.floor(bytes / blockBytes);
    const data = noise(seeds.data, dataBlocks);
    const old = await slotOf(join(directory, 'slot-a'), data);
    const news = noise(seeds.news, 1);
    for (let block = 0; block < dataBlocks; block += Math.floor(100 / newShare)) {
      data.set(news, block * blockBytes);
      data.set(Buffer.from(`block ${block}`), block * blockBytes);
    }
    const image = await slotOf(join(directory, 'next'), data);
    const made = await makeArtifacts({ image, previous: [old], directory, name: 'next', level: 1, signal: never });
    await mkdir(join(directory, 'blobs'));
    for (const artifact of made)
      await rename(join(directory, artifact.name), join(directory, 'blobs', blobName(artifact)));
    const ukis = [ukiOf(seeds.oldUki, '1.0.0'), ukiOf(seeds.newUki, '2.0.0')];
    const uki = { name: 'uki', bytes: ukiBytes, sha256: hash('sha256', ukis[1]!) };
    await writeFile(join(directory, 'blobs', blobName(uki)), ukis[1]!);
    const { rootHash } = image;
    const manifest: ReleaseManifest = {
      ...{ format: 1, product: 'berth', version: '2.0.0', sequence: 2, architecture: 'amd64', kernel: 'cloud' },
      ...{ created: '2026-11-29T00:00:00Z', stateSchema: { from: 0, to: 1000 }, uki, artifacts: made },
      usr: { sha256: hash('sha256', image.content), bytes: image.content.length, dataBlocks, rootHash },
    };
    const setting: KillSetting = {
      running: { name: entryName('1.0.0'), version: '1.0.0', rootHash: old.rootHash, dataBlocks },
      next: { target: { version: '2.0.0', sequence: 2, digest: rootHash, rootHash }, manifest },
      slotBytes: image.content.length,
    };
    await writeFile(join(directory, 'setting.json'), JSON.stringify(setting));
    const kills = new UpdateKills(directory, setting, ukis, seed);
    await kills.#reset();
    const began = performance.now();
    const said = await kills.#run([]);
    kills.#durationMs = performance.now() - began;
    kills.#operations = Number(/^operations (\d+)$/m.exec(said)?.[1]);
    return kills;
  }

  /** Kills an update: the even ones at any moment, the others before an operation of the EFI partition. Then lets it go on. */
  async kill(index: number): Promise<Killed> {
    await this.#reset();
    const share = this.#random();
    const said =
      index % 2 === 0
        ? await this.#run([], share * this.#durationMs)
        : await this.#run([String(1 + Math.floor(share * this.#operations))]);
    const boots = await this.#boots();
    const wrong = [...boots.wrong];
    await this.#run([]).catch((error: unknown) => wrong.push(`it does not go on: ${String(error)}`));
    const end = await this.#boots();
    wrong.push(...end.wrong);
    if (end.boots !== '2.0.0') wrong.push(`in the end it boots ${end.boots}`);
    const files = await readdir(join(this.directory, 'esp/EFI/Linux'));
    if (files.length !== 2) wrong.push(`in the end there are ${files.join(', ')}`);
    return { after: said.trim().split('\n').at(-1) ?? '', boots: boots.boots, wrong };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  /** What the boot loader would boot; wrong is whatever it shows that is not whole. */
  async #boots(): Promise<Pick<Killed, 'boots' | 'wrong'>> {
    const directory = join(this.directory, 'esp/EFI/Linux');
    const names = await readdir(directory);
    const files = names.map(
      async (name): Promise<EspFile> => ({ name, content: await readFile(join(directory, name)) }),
    );
    const entries = shownEntries(await Promise.all(files), versionInside);
    const wrong: string[] = [];
    for (const { name, content, entry } of entries) {
      const isWhole = this.#ukis.some((uki) => uki.equals(content));
      if (!isWhole) wrong.push(`${name} is shown and is no whole kernel image`);
      if (entry.version === '2.0.0' && !(await this.#isWritten()))
        wrong.push(`${name} is shown, and its slot is not whole`);
    }
    const [first] = entries;
    return { boots: first?.entry.version ?? 'nothing', wrong: first === undefined ? ['nothing boots'] : wrong };
  }

  async #isWritten(): Promise<boolean> {
    const { differs, unknown } = await verifySlot(
      join(this.directory, 'slot-b'),
      this.#setting.next.manifest.usr,
      never,
    );
    return differs.length === 0 && unknown.length === 0;
  }

  /** As it is before the update: release 1 runs, and an older one is in the other slot. */
  async #reset(): Promise<void> {
    const esp = join(this.directory, 'esp');
    await rm(esp, { recursive: true, force: true });
    await mkdir(join(esp, 'EFI/Linux'), { recursive: true });
    await writeFile(join(esp, 'EFI/Linux/berth_1.0.0.efi'), this.#ukis[0]!);
    await writeFile(join(esp, 'EFI/Linux/berth_0.9.0.efi'), this.#ukis[0]!);
    const slot = join(this.directory, 'slot-b');
    await writeFile(slot, noise(seeds.before, 1));
    await truncate(slot, this.#setting.slotBytes);
  }

  /** @returns what it said until its end. Rejects when it ends otherwise than by a kill. */
  async #run(more: readonly string[], killAfterMs?: number): Promise<string> {
    const running = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', child, this.directory, ...more]);
    let said = '';
    let complaint = '';
    running.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    running.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => running.kill('SIGKILL'), killAfterMs);
    const [code, signal] = (await once(running, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the update ended with ${code}: ${complaint}`);
    return said;
  }
}

function ukiOf(seed: number, version: string): Buffer {
  const uki = Buffer.from(noise(seed, ukiBytes / blockBytes));
  uki.write(`MZ version=${version} `, 'latin1');
  return uki;
}

function versionInside(content: Buffer): string {
  return /version=(\S+)/.exec(content.toString('latin1', 0, 64))?.[1] ?? '';
}
