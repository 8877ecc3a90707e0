import type { BootEntry } from '../../../../src/boot/boot-entry.ts';
import { parseBootEntry } from '../../../../src/boot/boot-entry.ts';
import type { BootLoader } from '../../../../src/boot/boot-loader.ts';
import type { KernelObjection } from '../../../../src/boot/kernel-objection.ts';
import type { CarriedImage } from '../../../../src/update/bundle/image-list.ts';
import type { Feed } from '../../../../src/update/feed/feed.ts';
import { foreseeRefusal, type KernelGate } from '../../../../src/update/machine/kernel-gate.ts';
import { UpdateKeeper, type UpdatePolicy } from '../../../../src/update/machine/update-keeper.ts';
import { noMemory, type UpdateMemory } from '../../../../src/update/machine/update-memory.ts';
import type { UpdateEventLine } from '../../../../src/update/machine/update-status.ts';
import { type SlotOrder, Updater } from '../../../../src/update/machine/updater.ts';
import { parseReleaseManifest } from '../../../../src/update/release-manifest.ts';
import type { WrittenSlot } from '../../../../src/update/transfer/transfer-options.ts';
import { feedOf, hash, noon } from '../feed/releases.ts';
import { releaseDocument } from '../release-document.ts';

export const operator = { kind: 'operator', who: 'ops', command: 'berth os update' } as const;

export interface Set {
  readonly feed?: Feed | Error;
  readonly memory?: Partial<UpdateMemory>;
  readonly files?: readonly string[];
  readonly blessed?: boolean;
  readonly rejected?: readonly string[];
  readonly policy?: Partial<UpdatePolicy>;
  readonly write?: (order: SlotOrder) => Promise<WrittenSlot>;
  readonly slotBytes?: number;
  readonly room?: number;
  readonly bootId?: string;
  /** What its clock shows at first, and since when it is up. */
  readonly startsAt?: number;
  readonly uptime?: number;
  readonly images?: readonly CarriedImage[];
  readonly admit?: () => Promise<void>;
  /** The first look gets no answer. */
  readonly isSilentAtFirst?: boolean;
  /** Happens at the point of the story with this name. */
  readonly meanwhile?: Readonly<Record<string, () => Promise<unknown>>>;
  /** So often what is known of updates cannot be written. */
  readonly failingSaves?: number;
  /** Who signed the kernel image, and whom the firmware trusts; both change with time. */
  readonly firmware?: { signer: string; trusts: string };
}

function objectionIn(firmware: Set['firmware']): KernelObjection | undefined {
  if (firmware === undefined || firmware.signer === firmware.trusts) return undefined;
  const { signer, trusts } = firmware;
  return { why: `it is signed by ${signer}`, signers: [signer], trusted: [trusts] };
}

function signedDocument(version: string, sequence: number) {
  const document = releaseDocument(version, sequence);
  return { ...document, uki: { ...document.uki, signers: [Buffer.from('own').toString('base64')] } };
}

/** A host that runs 1.0, with a boot loader and a repository in memory. */
export function hostWith(set: Set = {}) {
  let { feed = feedOf({ version: '1.0' }, { version: '1.1' }) } = set;
  const { blessed = true, rejected = [] } = set;
  const story: string[] = [];
  const notes: string[] = [];
  const revoked: string[] = [];
  let files = [...(set.files ?? ['berth_1.0.efi'])];
  let now = set.startsAt ?? noon;
  let uptime = set.uptime ?? 60_000;
  let decisions = 0;
  let failingSaves = set.failingSaves ?? 0;
  let isSilent = set.isSilentAtFirst === true;
  const entry = (file: string): readonly BootEntry[] => {
    const parsed = parseBootEntry(file);
    return parsed === undefined ? [] : [parsed];
  };
  const loader: BootLoader = {
    running: async () => Promise.resolve({ name: 'berth_1.0', version: '1.0' }),
    entries: async () => Promise.resolve(files.filter((file) => !file.endsWith('.staged')).flatMap(entry)),
    onTrial: async () => Promise.resolve(undefined),
    bless: async () => Promise.resolve(),
    reject: async () => Promise.resolve(),
    room: async () => {
      await set.meanwhile?.['room']?.();
      return set.room ?? 1e9;
    },
    copy: async () => Promise.resolve(),
    clear: async (keep) => {
      const gone = files.filter((file) => !file.startsWith(`${keep}.`));
      await set.meanwhile?.['clear']?.();
      if (gone.length > 0) story.push(`clear ${gone.join(' ')}`);
      files = files.filter((file) => !gone.includes(file));
      return gone;
    },
    stage: async (name, tries) => {
      story.push(`stage ${name}`);
      files.push(`${name}+${tries}.efi.staged`);
      return Promise.resolve();
    },
    activate: async (name, tries) => {
      story.push(`activate ${name}`);
      files = files.map((file) => (file === `${name}+${tries}.efi.staged` ? `${name}+${tries}.efi` : file));
      await set.meanwhile?.['activate']?.();
    },
  };
  const memory = {
    value: { ...noMemory, ...set.memory },
    async save(next: UpdateMemory) {
      this.value = next;
      if (failingSaves === 0) return Promise.resolve();
      failingSaves -= 1;
      return Promise.reject(new Error('the disk is full'));
    },
  };
  const running = { name: 'berth_1.0', version: '1.0', device: '/dev/a', rootHash: hash('root of 1.0'), dataBlocks: 1 };
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      uptime += ms;
      return Promise.resolve();
    },
    /** Somebody, or NTP, sets it. */
    set: (ms: number) => {
      now = ms;
    },
  };
  const kernelGate: KernelGate = {
    mark: async () => Promise.resolve(set.firmware?.trusts),
    foresee: async () => Promise.resolve(objectionIn(set.firmware)),
    judge: async () => Promise.resolve(objectionIn(set.firmware)),
  };
  const updater = new Updater({
    ...{ running, loader, clock },
    target: { device: '/dev/b', bytes: set.slotBytes ?? 1e9 },
    writeSlot: async (order) => {
      story.push(`write ${order.manifest.version} to ${order.target}`);
      order.onProgress({ bytesFetched: 5, bytesWritten: 50, total: 100 });
      return (await set.write?.(order)) ?? { bytesFetched: 5, detours: [] };
    },
    kernel: async () => Promise.resolve({ content: [], bytes: 0, sha256: '' }),
    isBlessed: () => blessed,
    admit: async (manifest) => {
      const refusal = await foreseeRefusal(kernelGate, manifest);
      if (refusal !== undefined) throw refusal;
      await set.admit?.();
    },
    rateLimit: () => undefined,
    onStaged: async (target, atMs) => keeper.noteTaken(target, atMs),
    onStep: ({ kind, error }) => story.push(error === undefined ? kind : `${kind}: ${error}`),
  });
  const keeper: UpdateKeeper = new UpdateKeeper({
    ...{ updater, loader, running, memory, kernelGate, clock },
    policy: () => ({
      strategy: 'staged',
      hasFeed: true,
      timeZone: 'UTC',
      channel: 'stable',
      feed: 'http://x',
      ...set.policy,
    }),
    open: async () =>
      Promise.resolve({
        look: async (signal) => {
          if (isSilent) {
            isSilent = false;
            signal.throwIfAborted();
            await new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason as Error)),
            );
          }
          return feed instanceof Error ? Promise.reject(feed) : Promise.resolve({ feed, expiries: [] });
        },
        manifest: async ({ version, sequence }) =>
          Promise.resolve(parseReleaseManifest(Buffer.from(JSON.stringify(signedDocument(version, sequence))))),
        images: async () => {
          await set.meanwhile?.['images']?.();
          return set.images ?? [];
        },
        artifacts: { read: () => [] as never },
        close: () => undefined,
      }),
    host: { id: 'host-1', architecture: 'amd64', kernel: 'cloud' },
    isBlessed: () => blessed,
    rejectedVersions: () => new Set(rejected),
    note: async (kind, version, why) => {
      notes.push(`${kind} ${version}: ${why}`);
      return Promise.resolve();
    },
    takeImages: async (images) => {
      const names = images.flatMap(({ references }) => references);
      story.push(`take ${names.join(' ')}`);
      return Promise.resolve(names);
    },
    noteUsedUp: async ({ version, tries }) => {
      notes.push(`used up ${version} in ${tries?.done}`);
      return Promise.resolve();
    },
    bootId: set.bootId ?? 'boot-1',
    builtMs: noon - 86_400_000,
    uptimeMs: () => uptime,
    // Which releases there were to go back to when it was told that nothing goes back any more.
    onProved: async () => Promise.resolve(void story.push(`proved with ${files.join(' ')}`)),
    whyPassedOver: async () => Promise.resolve('the boot loader did not try it'),
    onRevoked: async (versions) => Promise.resolve(void revoked.push(...versions)),
    onStaged: () => {
      decisions += 1;
    },
    onProblem: (why) => {
      notes.push(`problem: ${why}`);
      if (notes.length > 100) throw new Error('it does not end');
    },
    random: () => 0.5,
  });
  const update = async (options: { readonly to?: string; readonly from?: string } = {}) => {
    const lines: UpdateEventLine[] = [];
    const end = await keeper.update({ ...options, reason: operator }, (line) => lines.push(line));
    return { lines, end };
  };
  /** What the repository offers from now on. */
  const offer = (next: Feed): void => {
    feed = next;
  };
  /** Does what it does by itself until something is so. */
  const runUntil = async (isSo: () => boolean): Promise<void> => {
    const ending = new AbortController();
    const runs = keeper.run(ending.signal);
    for (let turn = 0; turn < 500 && !isSo(); turn += 1) await Promise.resolve();
    ending.abort();
    await runs;
  };
  return {
    keeper,
    updater,
    story,
    notes,
    revoked,
    memory,
    update,
    files: () => files,
    clock,
    offer,
    runUntil,
    decisions: () => decisions,
  };
}
