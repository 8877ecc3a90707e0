import type { FileConfig, HostConfig } from '../../config/host-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { FileState, Ownership } from '../ports.ts';
import type { DesiredFile, PlanContext } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';

/** When a file is written: what is in /etc before anything else, other files once disks are mounted, the rest last. */
export type FileStage = 'settings' | 'data' | 'deferred';

export interface FilePlan {
  readonly stages: Readonly<Record<FileStage, readonly HostStep[]>>;
  readonly blocked: readonly BlockedChange[];
}

/** Numbers of users and groups by name. */
export interface Owners {
  readonly userIds: ReadonlyMap<string, number>;
  readonly groupIds: ReadonlyMap<string, number>;
}

/** Part of the verified image, or no files at all. */
const readOnly = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/proc', '/sys', '/dev'];

/** A path as the user declared it: one or several entries, in the order of the config. */
interface Declared {
  readonly path: string;
  readonly entries: readonly FileConfig[];
}

/**
 * Steps that make files as they are wanted: those of the resources, with what the user declared for the same path over
 * them, and those that only the user declared. What is not declared any more is as the image has it again. Pure.
 */
export function planFiles(
  managed: readonly DesiredFile[],
  config: HostConfig,
  owners: Owners,
  context: PlanContext,
): FilePlan {
  const planner = new FilePlanner(owners, context);
  const declared = groupByPath(config.files);
  const taken = new Set(declared.map(({ path }) => path));
  for (const file of managed) if (!taken.has(file.path)) planner.managed(file);
  for (const one of declared)
    planner.declared(
      one,
      managed.find(({ path }) => path === one.path),
    );
  const kept = new Set([...taken, ...managed.map(({ path }) => path)]);
  for (const one of groupByPath(context.previous.files)) if (!kept.has(one.path)) planner.gone(one);
  return planner;
}

class FilePlanner implements FilePlan {
  readonly stages: Record<FileStage, HostStep[]> = { settings: [], data: [], deferred: [] };
  readonly blocked: BlockedChange[] = [];
  readonly #owners: Owners;
  readonly #context: PlanContext;

  constructor(owners: Owners, context: PlanContext) {
    this.#owners = owners;
    this.#context = context;
  }

  managed({ path, content, mode, key, subject }: DesiredFile): void {
    const state = this.#state(path);
    if (content === undefined) {
      if (state.kind !== 'missing') this.#remove(path, key, subject);
      return;
    }
    this.#put('settings', path, Buffer.from(content), { mode, uid: 0, gid: 0 }, { key, subject });
  }

  declared({ path, entries }: Declared, managed: DesiredFile | undefined): void {
    const about = { key: keyOf(path), subject: `file${path}` };
    const last = entries.at(-1);
    if (last === undefined || this.#isReadOnly(path, about)) return;
    const uid = numberOf(last.owner, this.#owners.userIds);
    const gid = numberOf(last.group, this.#owners.groupIds);
    if (uid === undefined || gid === undefined) {
      const why = uid === undefined ? `there is no user ${last.owner}` : `there is no group ${last.group}`;
      this.blocked.push({ ...about, why, until: 'config', hint: 'declare it under "users" or "groups"' });
      return;
    }
    const state = this.#state(path);
    if (state.kind === 'directory' || state.kind === 'other') {
      const what = state.kind === 'directory' ? 'a directory' : 'no regular file';
      this.blocked.push({ ...about, why: `${path} is ${what}`, until: 'config', hint: 'choose another path' });
      return;
    }
    const content = this.#compose(path, entries, managed?.content);
    const stage = entries.some(({ defer }) => defer) ? 'deferred' : stageOf(path);
    this.#put(stage, path, content, { mode: last.mode, uid, gid }, about);
  }

  gone({ path, entries }: Declared): void {
    const about = { key: keyOf(path), subject: `file${path}` };
    const state = this.#state(path);
    if (state.kind !== 'file' || readOnly.some((part) => isBelow(path, part))) return;
    const original = this.#original(path);
    if (original !== undefined) {
      this.#put(stageOf(path), path, original, { mode: 0o644, uid: 0, gid: 0 }, about);
    } else if (entries.every(({ append }) => append)) {
      const present = Buffer.from(state.contentBase64, 'base64');
      const rest = entries.reduce<Buffer>((content, entry) => without(content, bytesOf(entry)), present);
      if (rest.length === 0) this.#remove(path, about.key, about.subject);
      else this.#put(stageOf(path), path, rest, state, about);
    } else {
      this.#remove(path, about.key, about.subject);
    }
  }

  /** The content that the entries make of a path, one after the other. */
  #compose(path: string, entries: readonly FileConfig[], managed: string | undefined): Buffer {
    const original = managed === undefined ? this.#original(path) : Buffer.from(managed);
    // Without knowing what was there first: what is there now, which may have been appended to already.
    let content = original ?? this.#present(path);
    const isExact = original !== undefined;
    for (const entry of entries) {
      const bytes = bytesOf(entry);
      if (!entry.append) content = bytes;
      else if (isExact || !content.includes(bytes)) content = Buffer.concat([content, bytes]);
    }
    return content;
  }

  #put(
    stage: FileStage,
    path: string,
    content: Buffer,
    ownership: Ownership,
    about: { key: string; subject: string },
  ): void {
    const state = this.#state(path);
    const { mode, uid, gid } = ownership;
    const contentBase64 = content.toString('base64');
    if (state.kind === 'file') {
      const isSame = state.contentBase64 === contentBase64;
      if (isSame && state.mode === mode && state.uid === uid && state.gid === gid) return;
    }
    this.stages[stage].push(
      this.#context.step(
        { kind: 'write-file', path, contentBase64, ownership: { mode, uid, gid } },
        { ...about, id: `write-file:${path}`, summary: `write ${path}` },
      ),
    );
  }

  #remove(path: string, key: string, subject: string): void {
    this.stages.settings.push(
      this.#context.step(
        { kind: 'remove-file', path },
        { id: `remove-file:${path}`, key, subject, summary: `remove ${path}` },
      ),
    );
  }

  #isReadOnly(path: string, about: { key: string; subject: string }): boolean {
    if (!readOnly.some((part) => isBelow(path, part))) return false;
    const hint = /^\/(proc|sys)\//.test(path)
      ? 'kernel settings go under berth.sysctl'
      : 'write it below /etc, /var or /opt';
    this.blocked.push({
      ...about,
      why: `${path} cannot be written: that part of the system is read-only`,
      until: 'config',
      hint,
    });
    return true;
  }

  #state(path: string): FileState {
    return this.#context.files.states.get(path) ?? { kind: 'missing' };
  }

  #present(path: string): Buffer {
    const state = this.#state(path);
    return state.kind === 'file' ? Buffer.from(state.contentBase64, 'base64') : Buffer.alloc(0);
  }

  /** What the image has at a path; undefined where that is not to be had. */
  #original(path: string): Buffer | undefined {
    const { hasDefaults, defaults } = this.#context.files;
    const content = hasDefaults ? defaults.get(path) : undefined;
    return content === undefined ? undefined : Buffer.from(content, 'base64');
  }
}

function groupByPath(files: readonly FileConfig[]): Declared[] {
  return [...new Set(files.map(({ path }) => path))].map((path) => ({
    path,
    entries: files.filter((file) => file.path === path),
  }));
}

function keyOf(path: string): string {
  return formatPath(['write_files', path]);
}

function stageOf(path: string): FileStage {
  return isBelow(path, '/etc') || isBelow(path, '/run') ? 'settings' : 'data';
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function numberOf(name: string, numbers: ReadonlyMap<string, number>): number | undefined {
  return numbers.get(name) ?? (/^\d+$/.test(name) ? Number(name) : undefined);
}

function bytesOf({ contentBase64 }: FileConfig): Buffer {
  return Buffer.from(contentBase64, 'base64');
}

function without(content: Buffer, part: Buffer): Buffer {
  const at = part.length === 0 ? -1 : content.indexOf(part);
  return at === -1 ? content : Buffer.concat([content.subarray(0, at), content.subarray(at + part.length)]);
}
